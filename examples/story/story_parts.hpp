#pragma once

#include <cctype>
#include <rtai/graph.hpp>
#include <string>
#include <utility>

namespace story_parts {

/// For `use: map`: any function from one value to another.
inline rtai::text in_capitals(rtai::text said) {
    for (char& c : said.words) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return said;
}

/// An element: options, ports and a coroutine.
class narrator {
public:
    struct options {
        std::string name = "Somebody";
        RTAI_DESCRIBE(options, name)

        static void notes(rtai::notes<options>& about) { about(&options::name, "who speaks"); }
    };

    explicit narrator(options o) : with_(std::move(o)) {}

    rtai::input<rtai::text> in;
    rtai::output<rtai::text> out;
    RTAI_DESCRIBE(narrator, in, out)

    rtai::task<> run() {
        while (auto line = co_await in.receive()) {
            line->words = with_.name + ": " + line->words;
            if (!co_await out.send(std::move(*line))) co_return;
        }
    }

private:
    options with_;
};
RTAI_ELEMENT(story_parts::narrator, "Says who speaks.");

}  // namespace story_parts
