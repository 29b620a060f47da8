#include "../support/main.hpp"

#include <array>

#include "questions.hpp"

namespace {

constexpr std::array questions{
    bench::question{"silero", bench::silero},   bench::question{"cpu", bench::cpu},
    bench::question{"allocs", bench::allocs},   bench::question{"memory", bench::memory},
    bench::question{"latency", bench::latency}, bench::question{"density", bench::density},
};

}  // namespace

int main(int count, char** words) { return bench::run(bench::benchmark("voice", questions), count, words); }
