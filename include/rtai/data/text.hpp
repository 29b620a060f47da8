#pragma once

#include <rtai/data/stamp.hpp>
#include <string>
#include <utility>

namespace rtai {

/// Words: something said, something to say, a line of a conversation.
struct text {
    text() = default;
    explicit text(std::string w, bool last = true) : words(std::move(w)), final(last) {}

    std::string words;
    bool final = true;  ///< false: a first guess, which a later text replaces
    rtai::stamp stamp;
};

}  // namespace rtai
