#pragma once

#include <algorithm>
#include <rtai/graph/catalogue.hpp>
#include <vector>

#include "spec.hpp"

namespace rtai::codegen {

/// The ports of a service's session, as a pipeline takes them: by type, in their order.
class session_ports {
public:
    explicit session_ports(const card& service) {
        for (const auto& c : service.ports) left_.push_back(&c);
    }

    /// What a port of the pipeline is connected to, or null. One that takes any number stays for others.
    const port_card* take_for(const boundary& b) {
        const auto match = std::find_if(left_.begin(), left_.end(), [&](const port_card* c) {
            return c->is_input != b.is_input && c->type == b.type.text;
        });
        if (match == left_.end()) return nullptr;
        const auto* const found = *match;
        if (!found->many) left_.erase(match);
        return found;
    }

    /// What nothing has taken.
    const std::vector<const port_card*>& left() const noexcept { return left_; }

private:
    std::vector<const port_card*> left_;
};

}  // namespace rtai::codegen
