#pragma once

#include <rtai/graph.hpp>
#include <string>
#include <utility>

namespace my {

/// An element: options, ports, and a coroutine that takes from one and gives to the other.
struct louder {
    struct options {
        std::string ending = "!";
        RTAI_DESCRIBE(options, ending)

        static void notes(rtai::notes<options>& about) {
            about(&options::ending, "what stands behind each text");
        }
    };

    explicit louder(options o) : options_(std::move(o)) {}

    rtai::input<rtai::text> in;
    rtai::output<rtai::text> out;
    RTAI_DESCRIBE(louder, in, out)

    rtai::task<> run() {
        while (auto text = co_await in.receive()) {  // until there is no more
            for (char& c : text->words)
                if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
            text->words += options_.ending;
            if (!co_await out.send(std::move(*text))) co_return;  // nobody listens any more
        }
    }

private:
    options options_;
};

}  // namespace my

RTAI_ELEMENT(my::louder, "Says everything louder.");
