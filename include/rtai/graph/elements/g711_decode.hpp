#pragma once

#include <rtai/data/audio.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/packet.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/g711.hpp>
#include <utility>

namespace rtai {

struct g711_decode {
    struct options {
        g711_law law = g711_law::mu;
        RTAI_DESCRIBE(options, law)

        static void notes(rtai::notes<options>& about) {
            about(&options::law, "mu as in America and Japan, a as elsewhere");
        }
    };

    g711_decode() : g711_decode(options()) {}
    explicit g711_decode(options o) : options_(o) {}

    input<packet> in;
    output<audio, rates<8'000>, channels<1, 2>, encodings<encoding::s16>> out;
    RTAI_DESCRIBE(g711_decode, in, out)

    task<> run() {
        while (auto p = co_await in.receive()) {
            audio made = decode_g711(*p, options_.law, out.format().channels);
            if (made.frames() > 0 && !co_await out.send(std::move(made))) co_return;
        }
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::g711_decode, "Makes sound of G.711 packets, as telephones send them.");
