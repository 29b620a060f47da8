#pragma once

#include <cstddef>
#include <optional>
#include <rtai/data/audio.hpp>
#include <string>
#include <utility>
#include <vector>

#include "catalogue.hpp"
#include "spec.hpp"

namespace rtai::codegen {

/// A member of a planned pipeline: an element of the spec, or one that the plan puts in.
struct part {
    enum class kind { element, tee, pass, convert };

    kind type = kind::element;
    std::string name;
    const element* from = nullptr;  ///< of the spec
    std::string cpp;                ///< the whole type
    std::string header;
    place at;
    std::vector<port_card> ports;  ///< types and formats resolved

    const port_card* find(std::string_view port) const noexcept {
        for (const auto& c : ports)
            if (c.name == port) return &c;
        return nullptr;
    }
};

/// A port of a part.
struct part_port {
    std::size_t part = 0;
    std::string port;
};

/// A channel between parts: what several give into one queue goes to one input.
struct queue {
    std::string name;
    std::string type;
    std::string policy;
    std::size_t capacity = 0;
    bool capacity_is_default = true;
    std::string written_capacity;  ///< as the spec says it, with variables
    bool policy_is_written = false;
    bool waits = false;  ///< audio that need not be dropped: its maker waits for room
    std::vector<part_port> from;
    part_port to;
    std::optional<audio_format> format;
    place at;
};

/// A port of the pipeline that is an element's own.
struct hand_over {
    const boundary* outer = nullptr;
    part_port inner;
    place at;
};

struct plan {
    const pipeline* of = nullptr;
    std::vector<part> parts;
    std::vector<queue> queues;
    std::vector<hand_over> hand_overs;
    std::vector<std::pair<std::string, audio_format>> formats;  ///< of the pipeline's audio ports
    std::vector<std::string> waiting;                           ///< audio ports whose streams are not live
    bool has_turn = false;                                      ///< it can be interrupted by itself
    bool joins_turn = false;                                    ///< it is used in one that can be
    std::size_t conversions = 0;
};

struct plans {
    std::vector<plan> all;  ///< each after those it uses
    const plan* of(const pipeline* p) const noexcept {
        for (const auto& one : all)
            if (one.of == p) return &one;
        return nullptr;
    }
};

/// Decides what is built of a checked spec: queues with their policies, tees, and the formats of audio with
/// the fewest and cheapest conversions.
plans make_plans(const spec& s, const known& catalogue);

/// The whole type of what stands in an element's place; `stream` is what flows through a generic one.
std::string cpp_of(const use& u, const std::string& stream, const spec& s);

/// "16kHz mono s16"
std::string to_text(const audio_format& f);

}  // namespace rtai::codegen
