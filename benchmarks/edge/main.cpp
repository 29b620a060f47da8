#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "grpc_stream.hpp"
#include "process.hpp"
#include "questions.hpp"
#include "serve.hpp"

namespace {

struct question {
    std::string_view name;
    void (*ask)(bench::sheet&);
};

constexpr std::array questions{
    question{"grpc", bench::grpc_stream},   question{"websocket", bench::websocket},
    question{"memory", bench::idle_memory}, question{"setup", bench::set_up},
    question{"sound", bench::sound},        question{"telling", bench::telling},
};

/// 10,000 connections want more than a shell gives.
void raise_descriptor_limit() {
    rlimit most{};
    if (::getrlimit(RLIMIT_NOFILE, &most) != 0) return;
    most.rlim_cur = most.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &most);
}

/// How many programs wanted a processor in the last minute: with other work on the machine, the slowest
/// round trips say little.
double load() {
    double minute = 0;
    return ::getloadavg(&minute, 1) == 1 ? minute : 0;
}

int answer(bench::options options, std::string_view program) {
    if (options.help) {
        std::cout << "Usage: " << program << ' ' << bench::usage
                  << "Here there are 5 rounds at most.\nQuestions:";
        for (const auto& q : questions) std::cout << ' ' << q.name;
        std::cout << '\n';
        return 0;
    }
    options.rounds = options.quick ? 1 : std::min(options.rounds, 5);
    bench::sheet sheet(options);
    const double before = load();
    bool any = false;
    for (const auto& q : questions) {
        if (!sheet.wants(q.name)) continue;
        any = true;
        q.ask(sheet);
    }
    if (!any) throw std::invalid_argument("no such question: " + options.only + " (see --help)");
    sheet.show("Load of the machine, which has " + std::to_string(std::thread::hardware_concurrency()) +
                   " processors",
               "programs that run or want to",
               {{"load.before", "before", bench::role::bound, {before}},
                {"load.after", "after", bench::role::bound, {load()}}});
    sheet.finish("edge");
    return 0;
}

}  // namespace

int main(int count, char** words) {
    raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);
    if (const char* kind = bench::asked_to_serve_grpc()) return bench::serve_grpc(kind);
    const std::string variable(bench::serve_variable.substr(0, bench::serve_variable.size() - 1));
    if (const char* kind = std::getenv(variable.c_str())) bench::serve(kind);
    try {
        return answer(bench::read_options(std::span(words, static_cast<std::size_t>(count))), words[0]);
    } catch (const std::exception& e) {
        std::cerr << "bench_edge: " << e.what() << '\n';
        return 1;
    }
}
