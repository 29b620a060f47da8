#include <array>
#include <exception>
#include <iostream>
#include <span>
#include <string_view>

#include "questions.hpp"

namespace {

struct question {
    std::string_view name;
    void (*ask)(bench::sheet&);
};

constexpr std::array questions{question{"hop", bench::hop}, question{"tool", bench::tool},
                               question{"compile", bench::compile}};

int answer(const bench::options& options, std::string_view program) {
    if (options.help) {
        std::cout << "Usage: " << program << ' ' << bench::usage << "Questions:";
        for (const auto& q : questions) std::cout << ' ' << q.name;
        std::cout << '\n';
        return 0;
    }
    bench::sheet sheet(options);
    for (const auto& q : questions)
        if (sheet.wants(q.name)) q.ask(sheet);
    sheet.finish("codegen");
    return 0;
}

}  // namespace

int main(int count, char** words) {
    try {
        return answer(bench::read_options(std::span(words, static_cast<std::size_t>(count))), words[0]);
    } catch (const std::exception& e) {
        std::cerr << "bench_codegen: " << e.what() << '\n';
        return 1;
    }
}
