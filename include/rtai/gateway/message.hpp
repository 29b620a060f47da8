#pragma once

#include <boost/describe/enum.hpp>
#include <cstdint>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/control.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/picture.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/turn_log.hpp>
#include <string>
#include <utility>
#include <variant>

// What passes between a client and its session, whatever carries it.

namespace rtai::gateway {

/// What a client says. Sound is in the client's own format; a `control` with `order::flush` interrupts the
/// machine.
using from_client = std::variant<audio, text, image, video, control>;

/// The session is there: what it is called, and the sound that will come.
struct welcome {
    welcome() = default;
    welcome(std::string s, audio_format f) : session(std::move(s)), sound(f) {}
    std::string session;
    audio_format sound;
    std::string trace;  ///< the id of the trace that it is part of, if somebody keeps it
};

/// Words, and which stream of the pipeline they are from.
struct caption {
    caption() = default;
    caption(std::string s, text w) : stream(std::move(s)), words(std::move(w)) {}
    std::string stream;
    text words;
};

/// Something happened in the conversation, so long after it began.
struct happening {
    happening() = default;
    happening(moment m, duration t) : what(std::move(m)), since_start(t) {}
    moment what;
    duration since_start{};
};

/// A turn is over.
struct turn_told {
    turn_told() = default;
    explicit turn_told(const turn_record& r)
        : of(r.of),
          asked(r.asked),
          said(r.speech.empty() ? std::string() : r.speech.heard()),
          interrupted(r.interrupted),
          latency(r.latency()) {}
    epoch of = 0;
    std::string asked;
    std::string said;  ///< as far as it was heard
    bool interrupted = false;
    std::optional<turn_latency> latency;
};

/// Something went wrong, in words for the person; a fatal one is the last.
struct trouble {
    trouble() = default;
    trouble(std::string c, std::string m, bool f = false)
        : code(std::move(c)), message(std::move(m)), fatal(f) {}
    std::string code;
    std::string message;
    bool fatal = false;
};

/// What a client is told.
using to_client = std::variant<welcome, audio, caption, happening, turn_told, trouble, image, video, control>;

/// Why a conversation ends.
enum class ending : std::uint8_t {
    done,     ///< it came to its end
    gone,     ///< the client went away
    idle,     ///< nobody said anything for too long
    drain,    ///< the server is about to stop
    refused,  ///< it was not allowed
    full,     ///< there is no room
    failed,   ///< something broke
};
BOOST_DESCRIBE_ENUM(ending, done, gone, idle, drain, refused, full, failed)

}  // namespace rtai::gateway
