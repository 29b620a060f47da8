#pragma once

#include <cstddef>
#include <memory>
#include <rtai/core/result.hpp>
#include <rtai/core/sim_link.hpp>
#include <rtai/core/task.hpp>
#include <rtai/net/stream.hpp>
#include <span>
#include <string>
#include <utility>

namespace rtai::net {
namespace detail {

class sim_carrier final : public stream::carrier {
public:
    explicit sim_carrier(sim::stream s, std::string peer) : stream_(std::move(s)), peer_(std::move(peer)) {}

    task<result<std::size_t>> read_some(std::span<std::byte> into) override {
        return stream_.read_some(into);
    }
    task<result<>> write(std::span<const std::byte> bytes) override { return stream_.write(bytes); }
    task<result<>> finish() override {
        stream_.finish();
        co_return result<>();
    }
    std::string peer() const override { return peer_; }

private:
    sim::stream stream_;
    std::string peer_;
};

}  // namespace detail

/// One end of a simulated link, for whatever stands on a `net::stream`.
inline stream simulated(sim::stream s, std::string peer = "simulated") {
    return stream(std::make_unique<detail::sim_carrier>(std::move(s), std::move(peer)));
}

}  // namespace rtai::net
