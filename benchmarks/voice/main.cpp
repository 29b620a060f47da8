#include <array>
#include <exception>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string_view>

#include "questions.hpp"

namespace {

struct question {
    std::string_view name;
    void (*ask)(bench::sheet&);
};

constexpr std::array questions{
    question{"silero", bench::silero},   question{"cpu", bench::cpu},
    question{"allocs", bench::allocs},   question{"memory", bench::memory},
    question{"latency", bench::latency}, question{"density", bench::density},
};

int answer(const bench::options& options, std::string_view program) {
    if (options.help) {
        std::cout << "Usage: " << program << ' ' << bench::usage << "Questions:";
        for (const auto& q : questions) std::cout << ' ' << q.name;
        std::cout << '\n';
        return 0;
    }
    bench::sheet sheet(options);
    bool any = false;
    for (const auto& q : questions) {
        if (!sheet.wants(q.name)) continue;
        any = true;
        q.ask(sheet);
    }
    if (!any) throw std::invalid_argument("no such question: " + options.only + " (see --help)");
    sheet.finish("voice");
    return 0;
}

}  // namespace

int main(int count, char** words) {
    try {
        return answer(bench::read_options(std::span(words, static_cast<std::size_t>(count))), words[0]);
    } catch (const std::exception& e) {
        std::cerr << "bench_voice: " << e.what() << '\n';
        return 1;
    }
}
