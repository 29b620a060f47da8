#pragma once

#include <cstdint>
#include <rtai/core/clock.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/units.hpp>
#include <string>
#include <vector>

namespace rtai::llm {

/// How questions are answered, whatever model does it. An element with a model has these among its own
/// options, under the same names: see `llm.demo`.
struct answer_options {
    std::string instructions;
    std::string greeting;
    std::string on_failure = "Sorry, I can not answer just now.";
    std::vector<std::string> tools;
    std::uint32_t max_rounds = 4;
    std::uint32_t max_calls = 8;
    std::uint32_t token_budget = 8000;
    std::uint32_t max_messages = 200;
    byte_size max_image = byte_size(5 << 20);
    duration patience = std::chrono::seconds(30);
};

/// For the notes of an element's options.
template <class Options>
void answer_notes(notes<Options>& about) {
    about(&Options::instructions, "who the machine is and how it answers: the system prompt");
    about(&Options::greeting, "what it says before anyone has spoken; empty: nothing");
    about(&Options::on_failure, "what it says when the model fails; empty: nothing");
    about(&Options::tools, "the tools that it may call, by the names that RTAI_TOOL gave them");
    about(&Options::max_rounds, "how often it may call tools before it must answer", range(0, 100));
    about(&Options::max_calls, "how many tools it may call at a time", range(1, 100));
    about(&Options::token_budget, "how much of the conversation the model is told, in tokens, about",
          range(100, 10'000'000));
    about(&Options::max_messages, "how many messages of the conversation it is told at most",
          range(2, 100'000));
    about(&Options::patience, "a model that says nothing for so long has failed", range(100e6, 3600e9));
}

/// They among an element's options.
template <class Options>
answer_options answer_options_of(const Options& o) {
    answer_options a;
    a.instructions = o.instructions;
    a.greeting = o.greeting;
    a.on_failure = o.on_failure;
    a.tools = o.tools;
    a.max_rounds = o.max_rounds;
    a.max_calls = o.max_calls;
    a.token_budget = o.token_budget;
    a.max_messages = o.max_messages;
    a.patience = o.patience;
    if constexpr (requires { o.max_image; }) a.max_image = o.max_image;
    return a;
}

}  // namespace rtai::llm
