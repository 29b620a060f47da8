#pragma once

#include <rtai/core/run.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <utility>

namespace rtai::detail {

/// The library's own background work on a shard, where no scope is at hand: it ends when the ends it
/// serves are gone, and at the latest with its shard.
class background final : public resident, fiber_owner {
public:
    /// On the shard's own thread, or before its loop runs.
    static void start(shard& home, task<> work) {
        auto* self = new background();
        home.admit(*self);
        const shard::entered inside(home);
        self->fiber_.start(std::move(work));
    }

private:
    background() : fiber_(*this) {}

    void child_ended(fiber&) noexcept override {
        unlink();
        delete this;
    }

    child<void> fiber_;
};

}  // namespace rtai::detail
