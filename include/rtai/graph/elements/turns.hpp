#pragma once

#include <boost/describe/enum.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <rtai/core/event.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/turn.hpp>
#include <rtai/graph/turn_teller.hpp>
#include <rtai/graph/waterfall.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace rtai {

/// How a turn is told.
enum class turn_report : std::uint8_t { waterfall, json };
BOOST_DESCRIBE_ENUM(turn_report, waterfall, json)

/// The log of the turns, as streams. It needs an end: the stream of moments that ends when the conversation
/// does, usually the pacer's `played`.
struct turns {
    struct options {
        turn_report as = turn_report::waterfall;
        std::string person = "person: ";
        std::string machine = "machine: ";
        RTAI_DESCRIBE(options, as, person, machine)

        static void notes(rtai::notes<options>& about) {
            about(&options::as, "how 'reports' tells of a turn");
            about(&options::person, "what stands before the person's words in 'said'");
            about(&options::machine, "what stands before the machine's words in 'said'");
        }
    };

    turns() : turns(options()) {}
    explicit turns(options o) : options_(std::move(o)) {}
    turns(const turns&) = delete;
    turns& operator=(const turns&) = delete;
    ~turns() { stop(); }

    input<moment> in;
    output<moment> out;    ///< everything that happened, as it happens
    output<text> reports;  ///< where the time went, after each turn
    output<text> said;     ///< who said what, and of the machine what was heard
    RTAI_DESCRIBE(turns, in, out, reports, said)

    static constexpr bool needs_turn = true;

    task<> run() {
        turn_ = out.turn();
        if (turn_ == nullptr)
            throw std::logic_error("turns has no turn to tell of: give its pipeline a 'turn:'");
        for (const auto& r : turn_->log().records())
            news_.insert(news_.end(), r.moments.begin(), r.moments.end());
        turn_teller teller(turn_->log());
        turn_->log().listen(this, [this](const moment& m) {
            if (news_.size() == most) news_.pop_front();
            news_.push_back(m);
            come_.set();
        });
        bool ended = false;
        while (!ended || !news_.empty()) {
            if (news_.empty()) {
                come_.reset();
                auto first = co_await race(in.receive(), come_.wait());
                if (first.index() == 0) ended = !std::get<0>(first).has_value();
                continue;
            }
            moment m = std::move(news_.front());
            news_.pop_front();
            const auto* before = teller.before(m);
            co_await close(before);
            if (m.what == what::end_of_turn) co_await say(options_.person + m.detail);
            moment copy = m;
            (void)co_await out.send(std::move(copy));
            const auto* after = teller.after(m);
            co_await close(after);
        }
        const auto* last = teller.end();
        co_await close(last);
        stop();
    }

private:
    static constexpr std::size_t most = 4096;

    void stop() noexcept {
        if (turn_ != nullptr) turn_->log().stop_listening(this);
        turn_ = nullptr;
    }

    task<> close(const turn_record* r) {
        if (r == nullptr) co_return;
        std::string heard = r->speech.empty() ? std::string() : r->speech.heard();
        if (r->interrupted) heard += heard.empty() ? "(interrupted)" : " (interrupted)";
        std::string report = options_.as == turn_report::json ? json_of(*r) : waterfall_of(*r);
        if (!heard.empty()) co_await say(options_.machine + heard);
        text line(std::move(report));
        (void)co_await reports.send(std::move(line));
    }

    task<> say(std::string words) {
        text line(std::move(words));
        (void)co_await said.send(std::move(line));
    }

    options options_;
    turn* turn_ = nullptr;
    std::deque<moment> news_;
    event come_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::turns,
             "Tells of the turns of a conversation: what happened, who said what, where the time went.");
