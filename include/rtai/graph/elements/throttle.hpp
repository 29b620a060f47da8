#pragma once

#include <algorithm>
#include <chrono>
#include <rtai/core/timer.hpp>
#include <rtai/data/units.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <utility>

namespace rtai {

template <class T>
struct throttle {
    struct options {
        hertz rate{10};
        bool drop = false;
        RTAI_DESCRIBE(options, rate, drop)

        static void notes(rtai::notes<options>& about) {
            about(&options::rate, "how many values a second go on at most", range(0.001, 1e6));
            about(&options::drop, "what is too early is left out instead of going on later");
        }
    };

    throttle() : throttle(options()) {}
    explicit throttle(options o) : options_(o) {}

    input<T> in;
    output<T, as_received> out;
    RTAI_DESCRIBE(throttle, in, out)

    task<> run() {
        const auto period = std::chrono::duration_cast<duration>(
            std::chrono::duration<double>(1 / std::max(options_.rate.value, 0.001)));
        time_point next = now();
        while (auto value = co_await in.receive()) {
            if (now() < next) {
                if (options_.drop) continue;
                co_await sleep_until(next);
            }
            next = now() + period;
            if (!co_await out.send(std::move(*value))) co_return;
        }
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::throttle<rtai::any_type>,
             "Passes on so many values a second at most; others wait or are left out.");
