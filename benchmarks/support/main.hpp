#pragma once

#include <exception>
#include <functional>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "options.hpp"
#include "sheet.hpp"

namespace bench {

struct question {
    std::string_view name;
    void (*ask)(sheet&);
};

/// A benchmark: some questions, and what is to be done besides.
struct benchmark {
    benchmark(std::string_view n, std::span<const question> q) : name(n), questions(q) {}

    std::string_view name;
    std::span<const question> questions;
    std::string_view more_help;
    std::function<void(options&)> adjust = [](options&) {};
    std::function<void(sheet&)> afterwards = [](sheet&) {};
};

namespace detail {

inline void answer(const benchmark& b, options o, std::string_view program) {
    if (o.help) {
        std::cout << "Usage: " << program << ' ' << usage << b.more_help << "Questions:";
        for (const auto& q : b.questions) std::cout << ' ' << q.name;
        std::cout << '\n';
        return;
    }
    b.adjust(o);
    sheet s(o);
    bool any = false;
    for (const auto& q : b.questions) {
        if (!s.wants(q.name)) continue;
        any = true;
        q.ask(s);
    }
    if (!any) throw std::invalid_argument("no such question: " + o.only + " (see --help)");
    b.afterwards(s);
    s.finish(b.name);
}

}  // namespace detail

/// What main() does.
inline int run(const benchmark& b, int count, char** words) {
    try {
        detail::answer(b, read_options(std::span(words, static_cast<std::size_t>(count))), words[0]);
        return 0;
    } catch (const std::exception& e) {
        std::cerr << "bench_" << b.name << ": " << e.what() << '\n';
        return 1;
    }
}

}  // namespace bench
