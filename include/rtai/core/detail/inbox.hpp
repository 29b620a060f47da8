#pragma once

#include <atomic>
#include <utility>

namespace rtai::detail {

/// A message to a shard: `act` runs on it, at loop level.
struct letter {
    using action = void (*)(letter&) noexcept;

    explicit letter(action a) noexcept : act(a) {}
    letter(const letter&) = delete;
    letter& operator=(const letter&) = delete;

    action act;
    letter* next = nullptr;
};

template <class F>
struct posted_function final : letter {
    explicit posted_function(F f) : letter(&run), function(std::move(f)) {}

    static void run(letter& self) noexcept {
        auto* mine = static_cast<posted_function*>(&self);
        F function = std::move(mine->function);
        delete mine;
        function();
    }

    F function;
};

/// Letters from any thread to one shard, in order, without a lock.
class inbox {
public:
    /// True if it was empty: then the shard has to be woken.
    bool push(letter& item) noexcept {
        letter* head = head_.load(std::memory_order_relaxed);
        do item.next = head;
        while (!head_.compare_exchange_weak(head, &item));
        return head == nullptr;
    }

    bool empty() const noexcept { return head_.load() == nullptr; }

    /// Runs what is there, oldest first. False if there was nothing.
    bool deliver() noexcept {
        if (empty()) return false;
        letter* item = head_.exchange(nullptr, std::memory_order_acquire);
        letter* oldest = nullptr;
        while (item != nullptr) {
            letter* older = std::exchange(item->next, oldest);
            oldest = std::exchange(item, older);
        }
        while (oldest != nullptr) {
            letter* newer = oldest->next;
            oldest->act(*oldest);
            oldest = newer;
        }
        return true;
    }

private:
    std::atomic<letter*> head_{nullptr};
};

}  // namespace rtai::detail
