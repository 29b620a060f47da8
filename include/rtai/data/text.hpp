#pragma once

#include <rtai/core/clock.hpp>
#include <rtai/data/stamp.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rtai {

/// One word of what was said, with when it was said, counted from the beginning of the speech.
struct spoken_word {
    spoken_word() = default;
    spoken_word(std::string w, duration f, duration t, float c = 1)
        : word(std::move(w)), from(f), to(t), confidence(c) {}

    std::string word;
    duration from{}, to{};
    float confidence = 1;  ///< 0 to 1
};

/// Words: something said, something to say, a line of a conversation.
struct text {
    text() = default;
    explicit text(std::string w, bool last = true) : words(std::move(w)), final(last) {}

    std::string words;
    /// False: not the last of it. A recogniser's guess, which the next replaces, or a piece of an answer,
    /// which the next goes on with.
    bool final = true;
    float confidence = 1;             ///< of a recogniser, 0 to 1
    std::vector<spoken_word> timing;  ///< of a recogniser that knows it
    rtai::stamp stamp;
};

}  // namespace rtai
