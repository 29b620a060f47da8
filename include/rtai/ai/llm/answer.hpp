#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <rtai/ai/llm/answer_options.hpp>
#include <rtai/ai/llm/model.hpp>
#include <rtai/ai/memory/memory.hpp>
#include <rtai/ai/tools/tool.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/base64.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/picture.hpp>
#include <rtai/data/text.hpp>
#include <rtai/data/units.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/turn.hpp>
#include <rtai/observe/trace_place.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rtai::llm {

/// The loop that answers: what every element with a language model does between its ports.
///
/// A text that is final is a question. Those that wait are answered together, when the person does not go
/// on speaking. An interruption ends everything that belongs to an answer, wherever it is, but for tools
/// that survive it; the memory keeps what was heard. A model that fails costs one answer.
template <model M>
class answerer {
public:
    answerer(M& m, answer_options o) : model_(m), options_(std::move(o)) {}
    answerer(const answerer&) = delete;
    answerer& operator=(const answerer&) = delete;

    /// `images`, where there are any, belong to the question that comes next.
    task<> run(const input<text>& in, const output<text>& out, const output<moment>& events,
               const input<image, if_wired>* images = nullptr) {
        in_ = &in;
        images_ = images;
        out_ = &out;
        events_ = &events;
        turn_ = out.turn();
        auto chosen = tools().chosen(options_.tools);
        if (!chosen) throw std::runtime_error(chosen.error().text);
        tools_ = std::move(*chosen);
        memory_options keep;
        keep.instructions = options_.instructions;
        keep.token_budget = options_.token_budget;
        keep.max_messages = options_.max_messages;
        memory_.emplace(std::move(keep), turn_);
        // Tools that survive an interruption live as long as the conversation.
        auto body = [this](scope& s) -> task<> { return converse(s); };
        co_await with_scope(body);
    }

    /// After `run` has begun.
    llm::memory& memory() noexcept { return *memory_; }

private:
    task<> converse(scope& s) {
        lasting_ = &s;
        bool listens = true;
        if (!options_.greeting.empty()) listens = co_await answer(options_.greeting);
        while (listens) {
            const bool asked = co_await question();
            if (!asked) co_return;
            std::string nothing;
            listens = co_await answer(std::move(nothing));
        }
    }

    // --- What is asked -----------------------------------------------------------------------------------

    /// Takes what there is to answer; false at the end of the stream.
    task<bool> question() {
        // Who coughs says no more words, and nobody tells; so it is looked after.
        constexpr auto look = std::chrono::milliseconds(20);
        if (!*in_) co_return false;
        bool asked = false;
        for (;;) {
            while (auto t = in_->try_receive()) asked = take(*t) || asked;
            if (asked && (!goes_on() || in_->stream().ended())) co_return true;
            if (asked) {
                auto first = co_await race(in_->receive(), sleep_for(look));
                if (first.index() == 1) continue;
                auto& more = std::get<0>(first);
                if (!more) co_return true;
                (void)take(*more);
            } else {
                auto t = co_await in_->receive();
                if (!t) co_return false;
                asked = take(*t);
            }
        }
    }

    bool goes_on() const noexcept { return turn_ != nullptr && turn_->person_speaks(); }

    bool take(text& t) {
        if (!t.final || t.words.find_first_not_of(" \t\r\n") == std::string::npos) return false;
        memory_->asked(std::move(t.words), take_images());
        return true;
    }

    /// As addresses that hold the picture itself.
    std::vector<std::string> take_images() {
        std::vector<std::string> all;
        if (images_ == nullptr) return all;
        while (auto i = images_->try_receive()) {
            if (i->bytes.size() > options_.max_image.bytes) {
                const epoch of = turn_ != nullptr ? turn_->upcoming() : 0;
                tell(what::failure, of,
                     "an image of " + to_text(byte_size(i->bytes.size())) + " is left out: 'max_image' is " +
                         to_text(options_.max_image));
                continue;
            }
            all.push_back("data:" + i->media_type + ";base64," + to_base64(i->bytes.span()));
        }
        return all;
    }

    // --- What is answered --------------------------------------------------------------------------------

    /// Answers, or says `words` of its own. False: nobody listens any more.
    task<bool> answer(std::string words) {
        const epoch of = turn_ != nullptr ? turn_->begin() : 0;
        begun_ = false;
        calls_.reset();
        auto work = make(of, std::move(words));
        if (turn_ == nullptr) {
            auto first = co_await race(std::move(work), gone_.wait());
            co_return first.index() == 0;
        }
        auto first = co_await race(std::move(work), turn_->interrupted(), gone_.wait());
        if (first.index() == 1) give_up_calls();
        co_return first.index() != 2;
    }

    task<> make(epoch of, std::string words) {
        if (words.empty()) {
            tell(what::thinking, of);
            auto failure = co_await think(of);
            if (!failure.empty()) {
                tell(what::failure, of, failure);
                words = options_.on_failure;
                if (begun_ && !words.empty()) words.insert(0, 1, ' ');
            }
        }
        co_await say(of, std::move(words));
        text end;
        co_await send(of, std::move(end));
        if (turn_ != nullptr) turn_->finish(of);
    }

    /// Asks the model, does what it wants done, and asks again. Says what went wrong.
    task<std::string> think(epoch of) {
        for (std::uint32_t round = 0;; ++round) {
            const bool may_call = round < options_.max_rounds && !tools_.empty();
            std::string failed;
            std::string finish;
            std::vector<tool_call> calls;
            auto asking = ask(of, may_call);
            try {
                auto said = co_await std::move(asking);
                failed = std::move(said.failed);
                finish = std::move(said.end.finish);
                calls = std::move(said.end.calls);
                tell_usage(of, said.end.usage);
            } catch (const std::exception& e) {
                failed = words_of(e);
            }
            if (failed.empty() && !calls.empty() && may_call) {
                co_await carry_out(of, std::move(calls));
                continue;
            }
            if (failed.empty() && !begun_) failed = silence(finish, !calls.empty());
            co_return failed;
        }
    }

    /// Of a model that had to say something: it used up its tokens for thoughts, or may not say it.
    static std::string silence(const std::string& finish, bool calls) {
        return "the model said nothing" + (finish.empty() ? "" : " (finish: " + finish + ")") +
               (calls ? ": it wants tools and may not call any more" : "");
    }

    /// How a request ended.
    struct outcome {
        outcome() = default;
        reply end;
        std::string failed;
    };

    static std::string words_of(const std::exception& e) {
        const std::string words = e.what();
        return words.empty() ? "the model failed without a word" : words;
    }

    task<outcome> ask(epoch of, bool may_call) {
        request r;
        std::size_t taken = 0;
        if (may_call)
            for (const auto* t : tools_) {
                r.tools.push_back(t->card);
                taken += estimated_tokens(t->card.about) + estimated_tokens(t->card.parameters);
            }
        r.messages = memory_->messages(taken);
        channel<std::string> pieces(16);
        auto asking = observe::within_turn(of, ask_model(std::move(r), pieces.sender()));
        auto passing = pass_on(of, pieces.receiver());
        auto both = co_await join(std::move(asking), std::move(passing));
        co_return std::get<0>(std::move(both));
    }

    /// What was said before a failure is passed on all the same.
    task<outcome> ask_model(request r, sender<std::string> pieces) {
        outcome o;
        try {
            auto asking = model_.ask(std::move(r), std::move(pieces));
            auto said = co_await std::move(asking);
            if (said) o.end = std::move(*said);
            else o.failed = said.error().message();
        } catch (const std::exception& e) {
            o.failed = words_of(e);
        }
        co_return o;
    }

    task<> pass_on(epoch of, receiver<std::string> pieces) {
        for (;;) {
            auto piece = co_await with_timeout(options_.patience, pieces.receive());
            if (!piece) throw std::runtime_error("the model said nothing for " + to_text(options_.patience));
            if (!*piece) co_return;
            co_await say(of, std::move(**piece));
        }
    }

    task<> say(epoch of, std::string words) {
        if (words.empty()) co_return;
        if (!std::exchange(begun_, true)) tell(what::first_token, of);
        text piece(words, false);
        co_await send(of, std::move(piece));
        if (turn_ == nullptr || !turn_->stale(of)) memory_->said(of, words);
    }

    task<> send(epoch of, text t) {
        t.stamp.epoch = of;
        t.stamp.at = now();
        t.stamp.sequence = sequence_++;
        const bool listens = co_await out_->send(std::move(t));
        if (listens) co_return;
        // `answer` hears it and drops everything, this too.
        gone_.set();
        co_await nothing_.wait();
    }

    // --- Tools -------------------------------------------------------------------------------------------

    /// What the model wants done now, for an interruption.
    struct open_calls {
        llm::memory::calls_key key = 0;
        std::vector<bool> survives;
    };

    task<> carry_out(epoch of, std::vector<tool_call> calls) {
        if (calls.size() > options_.max_calls) {
            tell(what::tool, of,
                 "left out " + std::to_string(calls.size() - options_.max_calls) +
                     " calls: a reply may have " + std::to_string(options_.max_calls));
            calls.resize(options_.max_calls);
        }
        name_calls(calls);
        calls_.emplace();
        calls_->key = memory_->called(of, calls);
        std::vector<task<>> work;
        for (std::size_t i = 0; i < calls.size(); ++i) {
            const auto found = std::find_if(tools_.begin(), tools_.end(),
                                            [&](const tool* t) { return t->card.name == calls[i].name; });
            const tool* t = found == tools_.end() ? nullptr : *found;
            const bool survives = t != nullptr && t->options.survives_interruption;
            calls_->survives.push_back(survives);
            tell(what::tool, of, calls[i].name + " " + calls[i].arguments);
            auto done = std::make_shared<event>();
            auto doing = call_one(of, calls_->key, i, t, std::move(calls[i]), done);
            if (survives) {
                lasting_->spawn(std::move(doing));
                work.push_back(wait_for(std::move(done)));
            } else {
                work.push_back(std::move(doing));
            }
        }
        co_await join(std::move(work));
        calls_.reset();
    }

    task<> call_one(epoch of, llm::memory::calls_key key, std::size_t index, const tool* t, tool_call c,
                    std::shared_ptr<event> done) {
        std::string words;
        if (t != nullptr) words = co_await observe::within_turn(of, call(*t, std::move(c.arguments)));
        else words = detail::told_error("there is no tool '" + c.name + "'");
        tell(what::tool, of, c.name + " -> " + words);
        memory_->result_of(key, index, std::move(words));
        done->set();
    }

    static task<> wait_for(std::shared_ptr<event> done) { co_await done->wait(); }

    /// Each with a name of its own, which not all models give.
    void name_calls(std::vector<tool_call>& calls) {
        std::set<std::string> names;
        for (auto& c : calls)
            while (c.id.empty() || !names.insert(c.id).second) c.id = "call_" + std::to_string(++named_);
    }

    void give_up_calls() {
        if (!calls_) return;
        for (std::size_t i = 0; i < calls_->survives.size(); ++i)
            if (!calls_->survives[i] && !memory_->is_done(calls_->key, i))
                memory_->result_of(calls_->key, i,
                                   detail::told_error("the person interrupted before this was done"));
        calls_.reset();
    }

    // --- What is told ------------------------------------------------------------------------------------

    void tell(what w, epoch of, std::string detail = {}) {
        detail = detail::limited(std::move(detail), 2000);
        if (turn_ != nullptr) turn_->note(w, of, detail);
        moment m(w, std::move(detail));
        m.of = of;
        m.stamp.at = now();
        (void)events_->try_send(std::move(m));
    }

    void tell_usage(epoch of, const usage& u) {
        if (u.prompt_tokens == 0 && u.answer_tokens == 0) return;
        tell(what::usage, of,
             "prompt_tokens " + std::to_string(u.prompt_tokens) + ", answer_tokens " +
                 std::to_string(u.answer_tokens));
    }

    M& model_;
    answer_options options_;
    const input<text>* in_ = nullptr;
    const input<image, if_wired>* images_ = nullptr;
    const output<text>* out_ = nullptr;
    const output<moment>* events_ = nullptr;
    rtai::turn* turn_ = nullptr;
    std::vector<const tool*> tools_;
    std::optional<llm::memory> memory_;
    scope* lasting_ = nullptr;
    event gone_;     // nobody listens any more
    event nothing_;  // never happens
    bool begun_ = false;
    std::optional<open_calls> calls_;
    std::uint64_t sequence_ = 0;
    std::uint64_t named_ = 0;
};

}  // namespace rtai::llm
