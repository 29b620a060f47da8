#pragma once

#include <rtai/core/detail/fiber.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <utility>

namespace rtai {
namespace detail {

/// A fiber without a coroutine that waits for it: the root of a tree of them.
template <class T>
class root final : fiber_owner {
public:
    explicit root(shard& home) : shard_(home), fiber_(*this) {}
    root(const root&) = delete;
    root& operator=(const root&) = delete;
    ~root() {
        const shard::entered inside(shard_);
        fiber_.abandon();
    }

    void start(task<T> work) {
        const shard::entered inside(shard_);
        fiber_.start(std::move(work));
    }

    /// For a shard whose loop is not running just now.
    void cancel() noexcept {
        const shard::entered inside(shard_);
        fiber_.cancel();
    }

    const bool& ended() const noexcept { return ended_; }
    bool finished() const noexcept { return fiber_.finished(); }
    T take() { return fiber_.take(); }

private:
    void child_ended(fiber&) noexcept override { ended_ = true; }

    shard& shard_;
    child<T> fiber_;
    bool ended_ = false;
};

}  // namespace detail

/// How long a shard goes on after its work is done, for what is still on its way to other shards.
inline constexpr duration settle_limit = std::chrono::seconds(1);

/// Runs a shard's loop on this thread until `work` is done.
template <class T>
T run(shard& on, task<T> work) {
    detail::root<T> root(on);
    root.start(std::move(work));
    try {
        on.run_until(root.ended());
    } catch (...) {
        // A handler of somebody else's threw through the loop. The work still ends in good order.
        root.cancel();
        on.run_until(root.ended());
        throw;
    }
    on.settle(settle_limit);
    return root.take();
}

}  // namespace rtai
