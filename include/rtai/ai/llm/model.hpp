#pragma once

#include <concepts>
#include <cstdint>
#include <rtai/core/channel.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/describe.hpp>
#include <string>
#include <utility>
#include <vector>

// What is asked of a language model and what comes back, whoever makes it.

namespace rtai::llm {

enum class role : std::uint8_t { system, user, assistant, tool };
BOOST_DESCRIBE_ENUM(role, system, user, assistant, tool)

/// What a model wants to have done; `arguments` is the JSON that it wrote.
struct tool_call {
    std::string id;
    std::string name;
    std::string arguments;
    RTAI_DESCRIBE(tool_call, id, name, arguments)
};

/// One entry of a conversation.
struct message {
    message() = default;
    message(llm::role r, std::string w) : role(r), words(std::move(w)) {}

    llm::role role = role::user;
    std::string words;
    std::vector<std::string> images;  ///< addresses, or data: URLs
    std::vector<tool_call> calls;     ///< of the assistant's
    std::string call;                 ///< of a tool's: the id of the call that this answers
};

/// What a model is told of a tool.
struct tool_card {
    std::string name;
    std::string about;
    std::string parameters;  ///< a JSON schema
};

struct request {
    std::vector<message> messages;
    std::vector<tool_card> tools;
};

struct usage {
    std::uint64_t prompt_tokens = 0;
    std::uint64_t answer_tokens = 0;
    RTAI_DESCRIBE(usage, prompt_tokens, answer_tokens)
};

/// The end of an answer: its words have been sent piece by piece by then.
struct reply {
    std::vector<tool_call> calls;
    llm::usage usage;
    std::string finish;  ///< "stop", "length", "tool_calls", as the model said it
};

/// Asks once. The words of the answer go into `pieces` as they come, and `reply` is what remains to be
/// said. A failure is a result with words for a log; cancelling the task closes the request at once.
template <class M>
concept model = requires(M m, request r, sender<std::string> pieces) {
    { m.ask(std::move(r), std::move(pieces)) } -> std::same_as<task<result<reply>>>;
};

}  // namespace rtai::llm
