#include "../support/main.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "child.hpp"
#include "questions.hpp"
#include "roles.hpp"

namespace {

constexpr std::array questions{
    bench::question{"grpc", bench::grpc_stream},   bench::question{"websocket", bench::websocket},
    bench::question{"memory", bench::idle_memory}, bench::question{"setup", bench::set_up},
    bench::question{"sound", bench::sound},        bench::question{"telling", bench::telling},
    bench::question{"hot_path", bench::hot_path},
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

}  // namespace

int main(int count, char** words) {
    raise_descriptor_limit();
    std::signal(SIGPIPE, SIG_IGN);
    if (const char* role = std::getenv(std::string(bench::role_variable).c_str())) bench::play(role);
    bench::benchmark edge("edge", questions);
    edge.more_help = "Here there are 5 rounds at most.\n";
    edge.adjust = [](bench::options& o) { o.rounds = o.quick ? 1 : std::min(o.rounds, 5); };
    edge.afterwards = [before = load()](bench::sheet& s) {
        s.show("Load of the machine, which has " + std::to_string(std::thread::hardware_concurrency()) +
                   " processors",
               "programs that run or want to",
               {{"load.before", "before", bench::role::bound, {before}},
                {"load.after", "after", bench::role::bound, {load()}}});
    };
    return bench::run(edge, count, words);
}
