#pragma once

#include <algorithm>
#include <limits>
#include <rtai/data/moment.hpp>
#include <rtai/data/stamp.hpp>
#include <rtai/graph/turn_log.hpp>
#include <utility>

namespace rtai {

/// Says which turn is over, and can be told of as a whole, while the moments of a log go by. Each of them
/// gives null when there is none.
class turn_teller {
public:
    explicit turn_teller(const turn_log& log) noexcept : log_(&log) {}

    /// Before `m` is told.
    const turn_record* before(const moment& m) {
        const bool newer = m.what == what::end_of_turn || m.what == what::playout_start;
        const auto* over = newer ? close(m.of) : nullptr;
        if (m.what == what::thinking || m.what == what::playout_start) open_ = std::max(open_, m.of);
        return over;
    }
    /// After it.
    const turn_record* after(const moment& m) {
        const auto* r = m.what == what::playout_end ? log_->find(m.of) : nullptr;
        return r != nullptr && r->answered && r->speech.over() ? close(m.of + 1) : nullptr;
    }
    /// When nothing more will happen.
    const turn_record* end() { return close(std::numeric_limits<epoch>::max()); }

private:
    const turn_record* close(epoch before) {
        if (open_ == 0 || open_ >= before) return nullptr;
        return log_->find(std::exchange(open_, 0));
    }

    const turn_log* log_;
    epoch open_ = 0;  // the turn that is not told of yet
};

}  // namespace rtai
