#pragma once

#include <chrono>
#include <cstddef>
#include <rtai/core/channel.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/stream.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <utility>

namespace rtai {

template <class T>
struct delay {
    struct options {
        duration by = std::chrono::milliseconds(100);
        std::size_t most = 1000;
        RTAI_DESCRIBE(options, by, most)

        static void notes(rtai::notes<options>& about) {
            about(&options::by, "how much later everything goes on");
            about(&options::most,
                  "how many values it holds; when there are as many, further ones wait before it",
                  range(1, 1'000'000));
        }
    };

    delay() : delay(options()) {}
    explicit delay(options o) : options_(o) {}

    input<T> in;
    output<T, as_received> out;
    RTAI_DESCRIBE(delay, in, out)

    task<> run() {
        channel<held> between(options_.most);
        co_await with_scope([&](scope& s) -> task<> { return hold(s, between); });
    }

private:
    struct held {
        held(time_point w, T&& v) noexcept : when(w), value(std::move(v)) {}
        time_point when;
        T value;
    };

    task<> hold(scope& s, const channel<held>& between) {
        s.spawn(take(between.sender()));
        co_await give(between.receiver());
        s.cancel();
    }

    task<> take(sender<held> to) {
        while (auto value = co_await in.receive()) {
            held h(later(now(), options_.by), std::move(*value));
            if (!co_await to.send(std::move(h))) co_return;
        }
    }

    task<> give(receiver<held> from) {
        while (auto h = co_await from.receive()) {
            // What is stale is dropped by the port, so nobody need wait for it.
            if (!stale(h->value)) co_await sleep_until(h->when);
            if (!co_await out.send(std::move(h->value))) co_return;
        }
    }

    bool stale(const T& value) const noexcept {
        if constexpr (stamped<T>) return out.turn() != nullptr && out.turn()->stale(value.stamp.epoch);
        else return false;
    }

    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::delay<rtai::any_type>, "Passes everything on later, with its order and spacing kept.");
