#pragma once

#include <rtai/graph.hpp>
#include <utility>

namespace my {

inline rtai::text loud(rtai::text said) { return said; }
inline rtai::text both(const rtai::text& a, const rtai::text&) { return a; }

struct shout {
    struct options {
        int loudness = 3;
        RTAI_DESCRIBE(options, loudness)
        static void notes(rtai::notes<options>& about) {
            about(&options::loudness, "how loud", rtai::range(1, 10));
        }
    };
    explicit shout(options) {}
    rtai::input<rtai::text> in;
    rtai::output<rtai::text> out;
    RTAI_DESCRIBE(shout, in, out)
    rtai::task<> run() {
        while (auto said = co_await in.receive()) {
            if (!co_await out.send(std::move(*said))) co_return;
        }
    }
};
RTAI_ELEMENT(my::shout, "Shouts.");

struct click {
    int x = 0, y = 0;
};

struct mouse {
    rtai::output<click> clicks;
    RTAI_DESCRIBE(mouse, clicks)
    rtai::task<> run() { co_return; }
};
RTAI_ELEMENT(my::mouse, "Clicks.");

}  // namespace my
