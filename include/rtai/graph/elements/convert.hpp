#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <rtai/data/audio.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/convert.hpp>
#include <utility>

namespace rtai {

struct convert {
    struct options {
        rtai::quality quality = rtai::quality::medium;
        RTAI_DESCRIBE(options, quality)

        static void notes(rtai::notes<options>& about) {
            about(&options::quality, "how much work a change of the rate is worth");
        }
    };

    convert() : convert(options()) {}
    explicit convert(options o) : options_(o) {}

    input<audio> in;
    output<audio> out;
    RTAI_DESCRIBE(convert, in, out)

    task<> run() {
        converter fit(out.format(), options_.quality);
        epoch turn = 0;
        while (auto piece = co_await in.receive()) {
            // What was kept of one turn does not sound in the next.
            if (std::exchange(turn, piece->stamp.epoch) != piece->stamp.epoch) {
                audio rest = fit.flush();
                if (rest.frames() > 0 && !co_await out.send(std::move(rest))) co_return;
            }
            audio made = fit.convert(std::move(*piece));
            if (made.frames() > 0 && !co_await out.send(std::move(made))) co_return;
        }
        audio rest = fit.flush();
        if (rest.frames() > 0) (void)co_await out.send(std::move(rest));
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::convert,
             "Changes the rate, the channels and the encoding of sound to what is wanted behind it.");
