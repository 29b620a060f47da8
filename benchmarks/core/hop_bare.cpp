#include <array>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <utility>
#include <vector>

#include "../support/sheet.hpp"
#include "hop.hpp"

namespace bench {
namespace {

// Eight functions that call the next through a pointer.

class stage {
public:
    explicit stage(stage* next) : next_(next) {}
    [[gnu::noinline]] void take(frame f) {  // NOLINT(misc-no-recursion)
        if (next_ == nullptr) return check_.take(f);
        touch(f);
        next_->take(std::move(f));
    }

private:
    stage* next_;
    checker check_;
};

// Coroutines that switch to each other directly: one sender and one receiver for each ring, no end of
// stream, no cancellation, no counters.

struct coroutine {
    struct promise_type {
        coroutine get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
};

struct ring {
    auto send(frame&& f) {
        struct await {
            bool await_ready() const { return to.tail - to.head < capacity; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) const {
                to.sender = h;
                return std::exchange(to.receiver, nullptr);
            }
            void await_resume() const { to.slots[to.tail++ % capacity] = std::move(value); }
            ring& to;
            frame& value;
        };
        return await{*this, f};
    }
    auto receive() {
        struct await {
            bool await_ready() const { return from.tail != from.head; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) const {
                from.receiver = h;
                return std::exchange(from.sender, nullptr);
            }
            frame await_resume() const { return std::move(from.slots[from.head++ % capacity]); }
            ring& from;
        };
        return await{*this};
    }

    std::array<frame, capacity> slots;
    std::size_t head = 0;
    std::size_t tail = 0;
    std::coroutine_handle<> sender, receiver;
};

coroutine relay(ring& in, ring& out) {
    for (;;) {
        frame f = co_await in.receive();
        touch(f);
        co_await out.send(std::move(f));
    }
}

coroutine source(ring& out) {
    for (std::uint64_t i = 0;; ++i) {
        frame f(i);
        co_await out.send(std::move(f));
    }
}

coroutine sink(ring& in, int messages) {
    checker check;
    while (check.taken() < static_cast<std::uint64_t>(messages)) {
        const frame f = co_await in.receive();
        check.take(f);
    }
    check.all_came(static_cast<std::uint64_t>(messages));
}

}  // namespace

double bare_calls() {
    constexpr int messages = 3'000'000;
    std::vector<stage> chain;
    chain.reserve(elements + 1);
    chain.emplace_back(nullptr);
    for (int i = 0; i < elements; ++i) chain.emplace_back(&chain.back());
    return per_hop(seconds([&] {
                       for (int i = 0; i < messages; ++i)
                           chain.back().take(frame(static_cast<std::uint64_t>(i)));
                   }),
                   messages);
}

double bare_ring() {
    constexpr int messages = 2'000'000;
    std::vector<ring> rings(elements + 1);
    std::vector<coroutine> all{sink(rings.back(), messages)};
    for (std::size_t i = elements; i-- > 0;) {
        all.push_back(relay(rings[i], rings[i + 1]));
        rings[i + 1].sender = all.back().handle;
    }
    all.push_back(source(rings[0]));
    rings[0].sender = all.back().handle;
    const double took = seconds([&] { all.front().handle.resume(); });
    for (const auto& c : all) c.handle.destroy();
    return per_hop(took, messages);
}

}  // namespace bench
