#pragma once

#include <chrono>
#include <istream>
#include <string_view>

namespace bench {

/// The clients of a party, as many as are in one process: says when all are there, hears when to begin, and
/// tells in the end how long each frame was under way, and how late each was sent.
void be_guests(std::istream& words);

inline constexpr std::string_view all_there = "all are there";
/// For what is still under way when nobody speaks any more.
inline constexpr std::chrono::milliseconds last_wait{300};

}  // namespace bench
