#pragma once

#include <cstdint>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "child.hpp"
#include "own_part.hpp"

namespace bench {

/// A server in a process of its own. It says "port N", or "port N M" when it has two.
class server_process {
public:
    /// One of roles.hpp.
    static server_process own(const std::string& kind) {
        auto part = std::make_unique<own_part>();
        auto process = child::own(kind, part->descriptor());
        return {std::move(process), std::move(part)};
    }

    explicit server_process(std::vector<std::string> words) : server_process(child(std::move(words)), {}) {}

    std::uint16_t port = 0;
    std::uint16_t second_port = 0;

    std::string url(const std::string& scheme, const std::string& path) const {
        return scheme + "://" + address(port) + path;
    }
    static std::string address(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

    double cpu() const { return process_.cpu(); }
    double memory() const { return process_.memory(); }
    /// Of one of our own.
    own_part& part() const noexcept { return *part_; }

private:
    server_process(child c, std::unique_ptr<own_part> p) : process_(std::move(c)), part_(std::move(p)) {
        std::istringstream said(process_.line());
        std::string word;
        said >> word >> port >> second_port;
        if (word != "port" || port == 0)
            throw std::runtime_error("a server did not start: " + process_.name());
    }

    child process_;
    std::unique_ptr<own_part> part_;
};

}  // namespace bench
