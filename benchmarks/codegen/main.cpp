#include "../support/main.hpp"

#include <array>

#include "questions.hpp"

namespace {

constexpr std::array questions{bench::question{"hop", bench::hop}, bench::question{"tool", bench::tool},
                               bench::question{"compile", bench::compile}};

}  // namespace

int main(int count, char** words) { return bench::run(bench::benchmark("codegen", questions), count, words); }
