#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/ai/detail/openai_server.hpp>
#include <rtai/ai/llm/model.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/json.hpp>
#include <rtai/http/sse.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::llm::detail {

/// Reads an answer of chat completions, as a stream of events or as one JSON, and with whatever a server
/// leaves out or does otherwise. It does no I/O.
class chat_reader {
public:
    static constexpr std::size_t most_calls = 64;
    static constexpr std::size_t most_whole = 4 * 1024 * 1024;  ///< of an answer that is no stream

    /// Takes the next bytes. An error ends it.
    result<> feed(std::string_view bytes) {
        if (kind_ == kind::unknown) {
            constexpr std::string_view blank = " \t\r\n";
            start_ += bytes;
            const auto first = start_.find_first_not_of(blank);
            if (first == std::string::npos) {
                if (start_.size() > 4096) return wrong("the answer is blank");
                return {};
            }
            kind_ = start_[first] == '{' || start_[first] == '[' ? kind::whole
                    : start_[first] == '<'                       ? kind::page
                                                                 : kind::events;
            const auto held = std::move(start_);
            start_.clear();
            return feed(held);
        }
        if (kind_ == kind::page) return wrong("this is a page for people, not an answer of a model");
        if (kind_ == kind::whole) {
            if (start_.size() + bytes.size() > most_whole) return wrong("the answer is too long");
            start_ += bytes;
            return {};
        }
        auto fed = events_.feed(bytes, [this](const http::server_event& e) { event(e.data); });
        if (!fed) return fed;
        return failed();
    }

    /// The stream has ended.
    result<> finish() {
        if (kind_ == kind::whole) {
            event(start_);
            done_ = true;
        } else if (kind_ == kind::events && !done_) {
            auto last = events_.finish([this](const http::server_event& e) { event(e.data); });
            if (!last) return last;
        }
        if (auto bad = failed(); !bad) return bad;
        if (!done_ && reply_.finish.empty())
            return error(std::errc::connection_reset,
                         progress_ == 0 ? "the answer is empty" : "the answer ends in the middle");
        return {};
    }

    /// Whether the server said that this was all.
    bool done() const noexcept { return done_; }
    /// Whether the model said that; the server may still tell how many tokens there were.
    bool finished() const noexcept { return done_ || !reply_.finish.empty(); }
    /// Counts up with everything that a model makes: words, calls, also thoughts, which are not spoken.
    std::size_t progress() const noexcept { return progress_; }

    /// The words that came since this was asked last.
    std::string take_words() { return std::exchange(words_, {}); }

    reply take_reply() {
        std::erase_if(slots_, [](const slot& s) { return s.call.name.empty(); });
        for (auto& s : slots_) {
            if (s.call.arguments.empty()) s.call.arguments = "{}";
            reply_.calls.push_back(std::move(s.call));
        }
        slots_.clear();
        return std::move(reply_);
    }

private:
    struct slot {
        std::int64_t index;
        tool_call call;
    };
    enum class kind : std::uint8_t { unknown, events, whole, page };

    static error wrong(std::string why) { return {std::errc::bad_message, std::move(why)}; }

    result<> failed() const {
        if (!failure_.empty()) return wrong(failure_);
        return {};
    }
    void fail(std::string why) {
        if (failure_.empty()) failure_ = std::move(why);
    }

    void event(std::string_view data) {
        if (done_ || !failure_.empty()) return;
        if (data == "[DONE]") {
            done_ = true;
            return;
        }
        if (data.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
        const auto read = parse_json(data);
        if (!read) return fail(read.error().text);
        const auto* choices = find(*read, "choices");
        if (choices == nullptr || !choices->is_array()) {
            if (auto told = rtai::detail::told_mistake(*read); !told.empty()) return fail(std::move(told));
        } else if (find(*read, "error") != nullptr) {
            return fail(rtai::detail::told_mistake(*read));
        }
        if (const auto* u = find(*read, "usage")) usage(*u);
        if (choices == nullptr || !choices->is_array() || choices->get_array().empty()) return;
        const auto& choice = choices->get_array().front();
        for (const auto* name : {"delta", "message"})
            if (const auto* made = find(choice, name)) part(*made);
        if (const auto why = text_of(choice, "finish_reason"); !why.empty()) reply_.finish = why;
        // One of these is how a server says that it failed half-way.
        if (reply_.finish == "error") fail("the server gave up in the middle");
    }

    void part(const json::value& made) {
        if (const auto* content = find(made, "content")) words(*content);
        if (const auto* refusal = find(made, "refusal")) words(*refusal);
        for (const auto* name : {"reasoning_content", "reasoning"})
            if (find(made, name) != nullptr) ++progress_;
        const auto* calls = find(made, "tool_calls");
        const auto* list = calls != nullptr ? calls->if_array() : nullptr;
        if (list == nullptr) return;
        for (const auto& c : *list) call(c);
    }

    void words(const json::value& content) {
        if (const auto* text = content.if_string()) {
            if (!text->empty()) ++progress_;
            words_ += std::string_view(*text);
        } else if (const auto* parts = content.if_array()) {
            for (const auto& p : *parts)
                if (const auto* held = find(p, "text")) words(*held);
        }
    }

    void call(const json::value& c) {
        if (!c.is_object()) return;
        ++progress_;
        const auto* number = find(c, "index");
        const auto index = number != nullptr && number->is_int64() ? number->get_int64() : -1;
        const auto* function = find(c, "function");
        const auto id = text_of(c, "id");
        const auto name = function != nullptr ? text_of(*function, "name") : std::string_view();
        auto* s = slot_of(index, id, name);
        if (s == nullptr) return fail("the model wants more than " + std::to_string(most_calls) + " tools");
        if (s->call.id.empty()) s->call.id = id;
        if (s->call.name.empty()) s->call.name = name;
        const auto* arguments = function != nullptr ? find(*function, "arguments") : nullptr;
        if (arguments == nullptr) return;
        if (const auto* text = arguments->if_string()) s->call.arguments += std::string_view(*text);
        else s->call.arguments += json::serialize(*arguments);
        if (s->call.arguments.size() > most_whole) fail("the arguments of a tool are too long");
    }

    /// The call that a piece belongs to. Not all servers number them, and some number all of them 0.
    slot* slot_of(std::int64_t index, std::string_view id, std::string_view name) {
        const auto last = std::find_if(slots_.rbegin(), slots_.rend(),
                                       [&](const slot& s) { return index < 0 || s.index == index; });
        const bool other_id = last != slots_.rend() && !id.empty() && !last->call.id.empty() &&
                              id != std::string_view(last->call.id);
        const bool another = index < 0 && !name.empty() && id.empty();
        if (!other_id && !another && last != slots_.rend()) return &*last;
        if (other_id)
            for (auto& s : slots_)
                if (s.call.id == id) return &s;
        if (slots_.size() == most_calls) return nullptr;
        auto& made = slots_.emplace_back();
        made.index = index;
        return &made;
    }

    void usage(const json::value& u) {
        const auto count = [&](const char* name, std::uint64_t& into) {
            const auto* n = find(u, name);
            if (n == nullptr) return;
            if (const auto read = from_json<std::uint64_t>(*n)) into = *read;
        };
        count("prompt_tokens", reply_.usage.prompt_tokens);
        count("completion_tokens", reply_.usage.answer_tokens);
    }

    kind kind_ = kind::unknown;
    std::string start_;  // until it is known what it is; of a whole answer, all of it
    http::sse_parser events_{http::sse_parser::default_limit};
    std::string words_;
    std::string failure_;
    std::vector<slot> slots_;
    reply reply_;
    std::size_t progress_ = 0;
    bool done_ = false;
};

}  // namespace rtai::llm::detail
