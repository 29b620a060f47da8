#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <rtai/data/problem.hpp>
#include <rtai/data/value.hpp>
#include <rtai/graph/catalogue.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What a spec says, as data. `read` fills in what is written, `check` what it means.

namespace rtai::codegen {

struct pipeline;

/// A name as it was written.
struct word {
    word() = default;
    word(std::string t, place p) : text(std::move(t)), at(std::move(p)) {}
    bool empty() const noexcept { return text.empty(); }
    std::string text;
    place at;
};

/// A port of a pipeline.
struct boundary {
    word name;
    word type;
    bool is_input = true;
    port_format format;  ///< what the spec pins down
};

/// What stands in an element's place: `use: vad.silero` with its options.
struct use {
    word name;
    word from;      ///< the header it is in
    word function;  ///< of `map` and its like
    value options;

    // What it means.
    const card* what = nullptr;     ///< an element of the catalogue,
    const pipeline* sub = nullptr;  ///< or a pipeline of this spec
    std::vector<port_card> ports;
    std::string header;  ///< to include
};

struct element {
    word name;
    use first;
    std::optional<use> otherwise;
    std::optional<value> when;

    std::string stream;  ///< of a generic element: the type that flows through it

    /// What may work in its place: `first`, and `otherwise` if there is one.
    std::vector<const use*> uses() const {
        if (otherwise) return {&first, &*otherwise};
        return {&first};
    }
};

/// One end of a wire: an element and its port, or a port of the pipeline itself.
struct wire_end {
    word name;
    word port;

    const element* part = nullptr;
    const boundary* edge_of = nullptr;
    const port_card* card = nullptr;  ///< of the element's port

    /// "vad.out", as it was written.
    std::string text() const { return port.empty() ? name.text : name.text + "." + port.text; }
};

struct wire {
    wire_end from;
    wire_end to;
    std::optional<word> capacity;
    std::optional<word> policy;
    place at;
    std::string type;  ///< what flows
    bool resolved = false;
};

struct pipeline {
    word name;
    std::string about;
    std::vector<boundary> ports;
    std::vector<std::unique_ptr<element>> elements;
    std::vector<wire> wires;
    std::optional<value> barge_in;
    word barge_in_when;
    std::optional<value> turn;
    place flow_at;
    bool sound = true;  ///< false: something about it is wrong, and what follows from that is not told
    bool has_all_names = true;  ///< false: elements or ports of it could not be read
    bool has_all_wires = true;

    /// Whether it has a turn of its own.
    bool has_turn() const noexcept { return barge_in || turn; }
    const place& turn_at() const noexcept { return turn ? turn->at : barge_in->at; }
};

struct service {
    word name;
    word kind;
    value options;

    const card* what = nullptr;
    std::vector<std::pair<const pipeline*, place>> pipelines;
    bool sound = true;
};

struct process {
    word name;
    std::vector<word> services;
    std::vector<std::pair<word, value>> reach;
    bool sound = true;
};

struct spec {
    word name;
    std::string about;
    bool has_program = false;  ///< it has 'services:' itself, and not only what it imports
    std::shared_ptr<const source> file;
    std::vector<std::string> files;  ///< all that were read, imports too
    std::vector<word> headers;       ///< that the program includes, for what they register
    std::vector<std::unique_ptr<pipeline>> pipelines;
    std::vector<std::unique_ptr<service>> services;
    std::vector<process> processes;
    std::optional<value> stores;
    std::optional<value> observe;
    bool complete =
        true;  ///< false: not all of it could be read, so it may well have what it does not seem to

    const pipeline* find_pipeline(std::string_view n) const noexcept {
        for (const auto& p : pipelines)
            if (p->name.text == n) return p.get();
        return nullptr;
    }
};

/// "rtai::audio" -> "audio", as a spec writes it.
inline std::string spec_type(std::string_view cpp) {
    return std::string(cpp.starts_with("rtai::") ? cpp.substr(6) : cpp);
}

/// The other way. Whatever rtai has no stream for is a type of the user's.
inline std::string cpp_type(std::string_view name) {
    for (const std::string_view own : {"audio", "text", "moment", "control", "image", "video", "packet"})
        if (name == own) return "rtai::" + std::string(name);
    return std::string(name);
}

}  // namespace rtai::codegen
