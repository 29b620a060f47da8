#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <rtai/ai/llm/answer.hpp>
#include <rtai/ai/llm/answer_options.hpp>
#include <rtai/ai/llm/model.hpp>
#include <rtai/ai/llm/script.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/text.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::llm {

/// A model that answers from a script, in pieces as a real one does.
class scripted_model {
public:
    struct pace {
        std::uint32_t piece = 10;  ///< characters
        std::chrono::milliseconds pause{30};
        std::chrono::milliseconds think{0};
    };

    scripted_model(script s, pace p) : script_(std::move(s)), pace_(p) {}

    task<result<reply>> ask(request r, sender<std::string> pieces) {
        co_await sleep_for(pace_.think);
        const std::string* said = nullptr;
        const std::string* last = nullptr;
        std::optional<std::string> result;
        for (const auto& m : r.messages) {
            if (m.role == role::user) {
                last = std::exchange(said, &m.words);
                result.reset();
            } else if (m.role == role::tool) {
                result = m.words;
            }
        }
        // Asked for words only, it says what it can without its tools.
        if (r.tools.empty() && !result) result.emplace();
        static const std::string nothing;
        auto response =
            script_.respond(said != nullptr ? *said : nothing, last != nullptr ? *last : nothing, result);
        reply end;
        end.finish = "stop";
        if (response.call) {
            end.finish = "tool_calls";
            end.calls.push_back(std::move(*response.call));
            co_return end;
        }
        std::string_view rest = response.words;
        for (bool first = true; !rest.empty(); first = false) {
            if (!first) co_await sleep_for(pace_.pause);
            const auto piece = rtai::detail::first_characters(rest, std::max(1U, pace_.piece));
            std::string words(piece);
            rest.remove_prefix(piece.size());
            if (!co_await pieces.send(std::move(words))) break;
        }
        for (const auto& m : r.messages) end.usage.prompt_tokens += tokens_of(m, estimated_tokens);
        end.usage.answer_tokens = estimated_tokens(response.words);
        co_return end;
    }

private:
    script script_;
    pace pace_;
};

struct demo {
    struct options {
        std::filesystem::path script;
        std::uint32_t piece = 10;
        std::chrono::milliseconds pause{30};
        std::chrono::milliseconds think{0};

        std::string instructions;
        std::string greeting;
        std::string on_failure = answer_options().on_failure;
        std::vector<std::string> tools;
        std::uint32_t max_rounds = answer_options().max_rounds;
        std::uint32_t max_calls = answer_options().max_calls;
        std::uint32_t token_budget = answer_options().token_budget;
        std::uint32_t max_messages = answer_options().max_messages;
        duration patience = answer_options().patience;
        RTAI_DESCRIBE(options, script, piece, pause, think, instructions, greeting, on_failure, tools,
                      max_rounds, max_calls, token_budget, max_messages, patience)

        static void notes(rtai::notes<options>& about) {
            about(&options::script, "a YAML file of questions and answers; empty: it echoes");
            about(&options::piece, "how many characters it says at a time", range(1, 10'000));
            about(&options::pause, "the time between two pieces", range(0, 60'000));
            about(&options::think, "the time before the first", range(0, 60'000));
            answer_notes(about);
        }
    };

    demo() : demo(options()) {}
    explicit demo(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) {
        auto s = script_of(o);
        if (!s) return s.error();
        if (auto some = llm::tools().chosen(o.tools); !some) return some.error();
        return {};
    }

    input<text> in;
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(demo, in, out, events)

    task<> run() {
        auto s = script_of(options_);
        if (!s) throw std::runtime_error(s.error().text);
        scripted_model::pace pace;
        pace.piece = options_.piece;
        pace.pause = options_.pause;
        pace.think = options_.think;
        scripted_model model(std::move(*s), pace);
        answerer<scripted_model> loop(model, answer_options_of(options_));
        co_await loop.run(in, out, events);
    }

private:
    static result<llm::script> script_of(const options& o) {
        if (o.script.empty()) return llm::script();
        auto s = llm::script::load(o.script);
        if (!s) return s;
        for (const auto& name : s->tools())
            if (std::find(o.tools.begin(), o.tools.end(), name) == o.tools.end())
                return error(std::errc::invalid_argument,
                             "the script '" + o.script.string() + "' calls '" + name +
                                 "', which this element may not: add it to 'tools'");
        return s;
    }

    options options_;
};

}  // namespace rtai::llm

RTAI_ELEMENT(rtai::llm::demo, "Answers from a script, as a model would, for tests and first steps.");
