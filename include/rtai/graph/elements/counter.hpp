#pragma once

#include <cstdint>
#include <rtai/core/shard.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <string>
#include <utility>

namespace rtai {

template <class T>
struct counter {
    struct options {
        std::uint64_t every = 0;
        RTAI_DESCRIBE(options, every)

        static void notes(rtai::notes<options>& about) {
            about(&options::every, "tells the number after every so many values; 0: at the end only");
        }
    };

    counter() : counter(options()) {}
    explicit counter(options o) : options_(o) {}

    input<T> in;
    output<T, as_received> out;
    output<text> counts;
    RTAI_DESCRIBE(counter, in, out, counts)

    task<> run() {
        std::uint64_t count = 0;
        std::uint64_t told = 0;
        while (auto value = co_await in.receive()) {
            if (!co_await out.send(std::move(*value))) break;
            ++count;
            if (options_.every == 0 || count % options_.every != 0) continue;
            text number = tell(count, told++);
            if (!co_await counts.send(std::move(number))) counts.disconnect();
        }
        text number = tell(count, told);
        (void)co_await counts.send(std::move(number));
    }

private:
    static text tell(std::uint64_t count, std::uint64_t sequence) {
        text number(std::to_string(count));
        number.stamp.at = now();
        number.stamp.sequence = sequence;
        return number;
    }

    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::counter<rtai::any_type>, "Passes everything on and tells how many values that were.");
