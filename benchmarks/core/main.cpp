#include "../support/main.hpp"

#include <array>

#include "questions.hpp"

namespace {

constexpr std::array questions{
    bench::question{"hop", bench::hop},           bench::question{"allocs", bench::allocs},
    bench::question{"session", bench::session},   bench::question{"cross", bench::cross},
    bench::question{"teardown", bench::teardown}, bench::question{"sim", bench::sim},
};

}  // namespace

int main(int count, char** words) { return bench::run(bench::benchmark("core", questions), count, words); }
