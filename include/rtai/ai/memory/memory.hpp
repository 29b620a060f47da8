#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <rtai/ai/llm/model.hpp>
#include <rtai/ai/memory/heard.hpp>
#include <rtai/ai/memory/tokens.hpp>
#include <rtai/data/stamp.hpp>
#include <rtai/graph/turn.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::llm {

/// What a conversation remembers, and how much of it.
struct memory_options {
    std::string instructions;
    std::size_t token_budget = 8000;  ///< of everything that the model is told
    std::size_t max_messages = 200;   ///< beside the instructions
    std::string cut_mark;             ///< what an answer ends with of which not all was heard
    std::function<std::size_t(std::string_view)> count = estimated_tokens;  ///< the tokens of a text
};

/// A conversation as a model is told it: the person's words, and of the answers what the person has heard.
/// How much that is, the turn knows; it is asked anew each time, as long as it does.
///
/// What does not fit any more is forgotten from the oldest on, a question with all that answered it. A
/// tool's result goes with its call.
class memory {
public:
    /// Names the calls of one reply.
    using calls_key = std::uint64_t;

    explicit memory(memory_options o, const rtai::turn* heard_by = nullptr)
        : options_(std::move(o)), turn_(heard_by) {}

    /// What the person said.
    void asked(std::string words, std::vector<std::string> images = {}) {
        forget_turns();
        message m(role::user, std::move(words));
        m.images = std::move(images);
        blocks_.emplace_back(std::move(m));
        while (blocks_.size() > 2 * options_.max_messages && drop_oldest()) {
        }
    }

    /// A piece of the answer of that turn.
    void said(epoch of, std::string_view piece) { answer_of(of).front().words += piece; }

    /// The answer of that turn wants this to be done. A result that is not there yet is told to the model as
    /// `unknown_yet`.
    calls_key called(epoch of, std::vector<tool_call> calls) {
        auto& b = answer_of(of);
        for (const auto& c : calls) {
            message result(role::tool, std::string(unknown_yet));
            result.call = c.id;
            b.messages.push_back(std::move(result));
        }
        b.front().calls = std::move(calls);
        b.done.assign(b.messages.size() - 1, false);
        return b.key = ++last_key_;
    }
    /// What came of the call with that index; nothing happens when it is forgotten already.
    void result_of(calls_key key, std::size_t index, std::string words) {
        for (auto& b : blocks_)
            if (b.key == key && index < b.done.size()) {
                b.messages[index + 1].words = std::move(words);
                b.done[index] = true;
                return;
            }
    }
    bool is_done(calls_key key, std::size_t index) const noexcept {
        for (const auto& b : blocks_)
            if (b.key == key) return index < b.done.size() && b.done[index];
        return true;
    }

    static constexpr std::string_view unknown_yet = R"({"status": "not finished yet"})";

    /// Everything that the model is to be told now, within the limits; `reserved` tokens are taken by
    /// something else. The person's last words are always among it.
    std::vector<message> messages(std::size_t reserved = 0) {
        forget_turns();
        std::vector<std::string> texts = resolved();
        trim(reserved, texts);
        std::vector<message> all;
        if (!options_.instructions.empty()) all.emplace_back(role::system, options_.instructions);
        for (std::size_t i = 0; i < blocks_.size(); ++i) put(all, blocks_[i], std::move(texts[i]));
        return all;
    }

    const memory_options& options() const noexcept { return options_; }

private:
    /// What is kept or forgotten as one: the person's words, an answer, an answer with calls and results.
    struct block {
        explicit block(message m) { messages.push_back(std::move(m)); }

        message& front() noexcept { return messages.front(); }
        const message& front() const noexcept { return messages.front(); }
        bool is_question() const noexcept { return front().role == role::user; }

        std::vector<message> messages;
        std::string before;  ///< the beginning of the same answer, which is forgotten
        epoch of = 0;        ///< of an answer of which it is not yet certain what was heard
        calls_key key = 0;
        std::vector<bool> done;
    };

    /// The answer that is being made; after tools it goes on in a block of its own.
    block& answer_of(epoch of) {
        if (!blocks_.empty()) {
            auto& b = blocks_.back();
            if (b.front().role == role::assistant && b.key == 0 && b.of == of) return b;
        }
        forget_turns();
        auto& b = blocks_.emplace_back(message(role::assistant, {}));
        b.of = of;
        return b;
    }

    /// A block for the model. Of an answer that nobody heard nothing is left. Questions without an answer
    /// between them are one, because many models want the two in turns.
    static void put(std::vector<message>& all, const block& b, std::string words) {
        if (b.front().role == role::assistant && b.front().calls.empty() && words.empty()) return;
        if (b.is_question() && !all.empty() && all.back().role == role::user) {
            all.back().words += '\n' + words;
            const auto& images = b.front().images;
            all.back().images.insert(all.back().images.end(), images.begin(), images.end());
            return;
        }
        const auto first = all.size();
        all.insert(all.end(), b.messages.begin(), b.messages.end());
        all[first].words = std::move(words);
    }

    /// The words of each block's first message: of answers those that were heard.
    std::vector<std::string> resolved() const {
        std::vector<std::string> texts;
        for (const auto& b : blocks_) texts.push_back(b.front().words);
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            const epoch of = blocks_[i].of;
            const bool is_first = i == 0 || blocks_[i - 1].of != of;
            // Of the answer that is being made, what was said will be heard, as far as anyone knows.
            if (of == 0 || turn_ == nullptr || !is_first || of == turn_->epoch()) continue;
            if (const auto heard = turn_->heard(of)) resolve(i, *heard, texts);
        }
        return texts;
    }

    /// One answer, in several blocks when there were tools in it: they share what was heard.
    void resolve(std::size_t first, std::string_view heard, std::vector<std::string>& texts) const {
        bool known = true;
        for (std::size_t i = first; i < blocks_.size() && blocks_[i].of == blocks_[first].of; ++i) {
            std::string& words = texts[i];
            if (const auto lost = detail::follow(blocks_[i].before, heard); lost.fits)
                heard.remove_prefix(lost.heard);
            const auto part = detail::follow(words, heard);
            if (!known || words.empty()) {
                if (!known) words.clear();
                continue;
            }
            if (!part.fits) {
                // Said in other words than written: those that were said, and all of them.
                words = heard;
                known = false;
                continue;
            }
            if (part.written < words.size()) {
                words.resize(part.written);
                while (!words.empty() && words.back() == ' ') words.pop_back();
                if (!words.empty()) words += options_.cut_mark;
            }
            heard.remove_prefix(part.heard);
        }
    }

    /// Writes down what was heard of turns that their log will soon know nothing of.
    void forget_turns() {
        if (turn_ == nullptr || blocks_.empty()) return;
        const auto& records = turn_->log().records();
        const auto is_fresh = [&](epoch of) {
            if (of >= turn_->epoch()) return true;
            const std::size_t fresh = turn_log::kept / 2;
            const auto begin =
                records.size() > fresh ? records.end() - static_cast<std::ptrdiff_t>(fresh) : records.begin();
            return std::any_of(begin, records.end(), [&](const turn_record& r) { return r.of == of; });
        };
        const bool any = std::any_of(blocks_.begin(), blocks_.end(),
                                     [&](const block& b) { return b.of != 0 && !is_fresh(b.of); });
        if (!any) return;
        std::vector<std::string> texts = resolved();
        for (std::size_t i = 0; i < blocks_.size(); ++i)
            if (auto& b = blocks_[i]; b.of != 0 && !is_fresh(b.of)) {
                b.front().words = std::move(texts[i]);
                b.of = 0;
            }
    }

    // --- Limits ------------------------------------------------------------------------------------------

    void trim(std::size_t reserved, std::vector<std::string>& texts) {
        std::size_t tokens = reserved, number = 0;
        if (!options_.instructions.empty()) tokens += cost_of(message(role::system, options_.instructions));
        std::vector<std::size_t> cost;
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            cost.push_back(cost_of(blocks_[i], texts[i]));
            tokens += cost.back();
            number += blocks_[i].messages.size();
        }
        while (tokens > options_.token_budget || number > options_.max_messages) {
            const auto [first, count] = next_to_go();
            if (count == 0) return;
            for (std::size_t i = first; i < first + count; ++i) {
                tokens -= cost[i];
                number -= blocks_[i].messages.size();
            }
            erase(first, count);
            cut_out(cost, first, count);
            cut_out(texts, first, count);
        }
    }

    std::size_t cost_of(const message& m) const { return tokens_of(m, options_.count); }
    std::size_t cost_of(const block& b, const std::string& words) const {
        std::size_t all = options_.count(words);
        for (const auto& m : b.messages) all += cost_of(m);
        return all - options_.count(b.front().words);
    }

    bool drop_oldest() {
        const auto [first, count] = next_to_go();
        if (count == 0) return false;
        erase(first, count);
        return true;
    }

    template <class List>
    static void cut_out(List& all, std::size_t first, std::size_t count) {
        const auto from = all.begin() + static_cast<std::ptrdiff_t>(first);
        all.erase(from, from + static_cast<std::ptrdiff_t>(count));
    }

    void erase(std::size_t first, std::size_t count) {
        // What was heard of an answer is counted from its beginning.
        if (const auto next = first + count; next < blocks_.size() && blocks_[next].of != 0)
            for (std::size_t i = next; i > first && blocks_[i - 1].of == blocks_[next].of; --i)
                blocks_[next].before.insert(0, blocks_[i - 1].before + blocks_[i - 1].front().words);
        cut_out(blocks_, first, count);
    }

    /// The oldest question with its answer. Of the last one, first the oldest tools after it, but for
    /// the newest block, without which the model would ask for the same again.
    std::pair<std::size_t, std::size_t> next_to_go() const noexcept {
        using from_and_count = std::pair<std::size_t, std::size_t>;
        std::size_t last = blocks_.size();
        while (last > 0 && !blocks_[last - 1].is_question()) --last;
        if (last > 0) --last;
        if (last == 0) return blocks_.size() > 2 ? from_and_count(1, 1) : from_and_count(0, 0);
        std::size_t end = 1;
        while (end < last && !blocks_[end].is_question()) ++end;
        return {0, end};
    }

    memory_options options_;
    const rtai::turn* turn_;
    std::deque<block> blocks_;
    calls_key last_key_ = 0;
};

}  // namespace rtai::llm
