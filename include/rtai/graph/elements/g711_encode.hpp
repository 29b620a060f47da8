#pragma once

#include <rtai/data/audio.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/packet.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/g711.hpp>
#include <utility>

namespace rtai {

struct g711_encode {
    struct options {
        g711_law law = g711_law::mu;
        RTAI_DESCRIBE(options, law)

        static void notes(rtai::notes<options>& about) {
            about(&options::law, "mu as in America and Japan, a as elsewhere");
        }
    };

    g711_encode() : g711_encode(options()) {}
    explicit g711_encode(options o) : options_(o) {}

    input<audio, rates<8'000>, channels<1, 2>, encodings<encoding::s16>> in;
    output<packet> out;
    RTAI_DESCRIBE(g711_encode, in, out)

    task<> run() {
        while (auto piece = co_await in.receive()) {
            packet made = encode_g711(*piece, options_.law);
            if (!co_await out.send(std::move(made))) co_return;
        }
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::g711_encode, "Makes G.711 packets of sound, as telephones do.");
