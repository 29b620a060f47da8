#pragma once

#include <catch2/catch.hpp>
#include <rtai/data/problem.hpp>
#include <string>
#include <vector>

#include "check.hpp"
#include "data/told.hpp"
#include "plan.hpp"
#include "read.hpp"

namespace tool {

using namespace rtai;
using lines = std::vector<std::string>;

/// A spec of a text, as far as it went.
struct checked {
    explicit checked(const std::string& text, const std::string& path = "a.yaml")
        : s(codegen::read_spec_text(path, text, found)) {
        codegen::check(s, catalogue(), found);
        if (found.ok()) p = codegen::make_plans(s, catalogue());
    }

    static codegen::known& catalogue() {
        static codegen::known all;
        return all;
    }

    /// The pipeline of that name, which must be there.
    const codegen::pipeline& pipeline(const std::string& name = "talk") const {
        const auto* one = s.find_pipeline(name);
        INFO(test::printed(found));
        REQUIRE(one != nullptr);
        return *one;
    }
    const codegen::plan& plan(const std::string& name = "talk") const {
        const auto* one = p.of(&pipeline(name));
        INFO(test::printed(found));
        REQUIRE(one != nullptr);
        return *one;
    }

    problems found;
    codegen::spec s;
    codegen::plans p;
};

/// A spec with one pipeline called talk.
inline std::string talk(const std::string& body) { return "rtai: 1\nname: a\npipelines:\n  talk:\n" + body; }

/// "a.out -> b.in text" for each wire.
inline lines wires(const codegen::pipeline& p) {
    lines all;
    const auto end = [](const codegen::wire_end& e) {
        return e.name.text + (e.card != nullptr ? "." + e.card->name
                              : e.port.empty()  ? ""
                                                : "." + e.port.text);
    };
    for (const auto& w : p.wires)
        all.push_back(end(w.from) + " -> " + end(w.to) + " " + codegen::spec_type(w.type));
    return all;
}

/// "a_to_b: a.out -> b.in text 64 block" for each queue.
inline lines queues(const codegen::plan& p) {
    lines all;
    for (const auto& q : p.queues) {
        std::string from;
        for (const auto& f : q.from)
            from += (from.empty() ? "" : " + ") + p.parts[f.part].name + "." + f.port;
        all.push_back(q.name + ": " + from + " -> " + p.parts[q.to.part].name + "." + q.to.port + " " +
                      codegen::spec_type(q.type) + " " + std::to_string(q.capacity) + " " + q.policy +
                      (q.format ? " " + codegen::to_text(*q.format) : ""));
    }
    return all;
}

inline lines parts(const codegen::plan& p) {
    lines all;
    for (const auto& one : p.parts) all.push_back(one.name + " " + one.cpp);
    return all;
}

}  // namespace tool
