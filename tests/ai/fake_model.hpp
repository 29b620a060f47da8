#pragma once

#include <cstddef>
#include <deque>
#include <rtai/ai/llm/model.hpp>
#include <rtai/core/timer.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::test {

/// What a model does when it is asked once.
struct fake_reply {
    fake_reply() = default;
    explicit fake_reply(std::vector<std::string> p) : pieces(std::move(p)) {}

    fake_reply& call(std::string name, std::string arguments = "{}", std::string id = {}) {
        llm::tool_call c;
        c.id = std::move(id);
        c.name = std::move(name);
        c.arguments = std::move(arguments);
        calls.push_back(std::move(c));
        return *this;
    }

    std::vector<std::string> pieces;
    duration pause{};  ///< before each piece, and before the end
    std::vector<llm::tool_call> calls;
    std::string finish;
    std::string failure;    ///< instead of an end
    std::string exception;  ///< the same, thrown
};

/// A model that does what a test says, and remembers what it was asked.
struct fake_model {
    task<result<llm::reply>> ask(llm::request r, sender<std::string> out) {
        const counted this_one(*this);
        asked.push_back(std::move(r));
        fake_reply next;
        if (!replies.empty()) {
            next = std::move(replies.front());
            replies.pop_front();
        }
        for (auto& piece : next.pieces) {
            co_await sleep_for(next.pause);
            if (!co_await out.send(std::move(piece))) co_return llm::reply();
        }
        co_await sleep_for(next.pause);
        if (!next.exception.empty()) throw std::runtime_error(next.exception);
        if (!next.failure.empty()) co_return error(std::errc::connection_refused, next.failure);
        llm::reply end;
        end.calls = std::move(next.calls);
        end.finish = std::move(next.finish);
        end.usage.prompt_tokens = 7;
        end.usage.answer_tokens = 3;
        co_return end;
    }

    struct counted {
        explicit counted(fake_model& m) noexcept : model(m) { ++model.open; }
        counted(const counted&) = delete;
        counted& operator=(const counted&) = delete;
        ~counted() { --model.open; }
        fake_model& model;
    };

    std::deque<fake_reply> replies;
    std::vector<llm::request> asked;
    int open = 0;  ///< requests that run now
};

/// "user: hello", one for each message.
inline std::vector<std::string> lines_of(const std::vector<llm::message>& all) {
    std::vector<std::string> said;
    for (const auto& m : all) {
        std::string line = std::string(name_of(m.role)) + ": " + m.words;
        for (const auto& c : m.calls) line += " [" + c.name + "]";
        said.push_back(std::move(line));
    }
    return said;
}

}  // namespace rtai::test
