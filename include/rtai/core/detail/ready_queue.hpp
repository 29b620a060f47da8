#pragma once

#include <rtai/core/detail/random.hpp>
#include <rtai/core/detail/runnable.hpp>

namespace rtai::detail {

/// What a shard will run next. Urgent things (completions and cancellations) go first and in order: a
/// cancellation reaches its coroutines before any other coroutine runs. In simulation the rest is
/// shuffled.
class ready_queue {
public:
    bool empty() const noexcept { return urgent_.empty() && ready_.empty(); }

    void push(runnable& item) noexcept { ready_.push_back(item); }
    void push_urgent(runnable& item) noexcept { urgent_.push_back(item); }

    /// Null when there is nothing.
    runnable* pop() noexcept {
        if (!urgent_.empty()) return &urgent_.pop_front();
        if (ready_.empty()) return nullptr;
        if (shuffle_ == nullptr) return &ready_.pop_front();
        runnable& item = ready_.at(shuffle_->below(ready_.count_up_to(shuffle_window)));
        item.unlink();
        return &item;
    }

    void shuffle_by(random* source) noexcept { shuffle_ = source; }

private:
    static constexpr std::size_t shuffle_window = 16;

    list<runnable> urgent_;
    list<runnable> ready_;
    random* shuffle_ = nullptr;
};

}  // namespace rtai::detail
