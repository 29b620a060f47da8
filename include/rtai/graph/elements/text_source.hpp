#pragma once

#include <cstdint>
#include <rtai/core/timer.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rtai {

struct text_source {
    struct options {
        std::vector<std::string> lines;
        duration every{0};
        RTAI_DESCRIBE(options, lines, every)

        static void notes(rtai::notes<options>& about) {
            about(&options::lines, "the texts");
            about(&options::every, "the time between them; 0: as fast as they are taken");
        }
    };

    text_source() : text_source(options()) {}
    explicit text_source(options o) : options_(std::move(o)) {}

    output<text> out;
    RTAI_DESCRIBE(text_source, out)

    task<> run() {
        time_point next = now();
        std::uint64_t sequence = 0;
        for (const auto& line : options_.lines) {
            co_await sleep_until(next);
            next += options_.every;
            text words(line);
            words.stamp.at = now();
            words.stamp.sequence = sequence++;
            if (!co_await out.send(std::move(words))) co_return;
        }
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::text_source, "Says the texts that the spec gives it, one after the other.");
