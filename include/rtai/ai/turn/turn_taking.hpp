#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <rtai/ai/turn/turn_machine.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/control.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/turn.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace rtai {

/// Decides whose turn it is, by the `turn:` of its pipeline: collects what a recogniser hears until the
/// person has finished, and interrupts the machine when the person means it. What it decides by is the
/// `turn_machine`.
///
/// `orders` lets a pacer pause while it is not certain that an interruption is one; where it goes nowhere,
/// nothing is held. A profile of the turn is chosen with the control `custom`, "profile NAME".
struct turn_taking {
    input<moment> speech;
    input<text> in;
    input<text, if_wired> typed;
    input<rtai::control, if_wired> control;
    output<text> out;
    output<rtai::control> orders;
    RTAI_DESCRIBE(turn_taking, speech, in, typed, control, out, orders)

    static constexpr bool needs_turn = true;

    task<> run() {
        turn_ = out.turn();
        if (turn_ == nullptr) throw std::logic_error("turn_taking has no turn: give its pipeline a 'turn:'");
        machine_.emplace(turn_->options(), static_cast<bool>(orders));
        channel<moment> never_moment(1);
        channel<text> never_text(1);
        channel<rtai::control> never_order(1);
        const receiver<moment> no_moment = never_moment.receiver();
        const receiver<text> no_text = never_text.receiver();
        const receiver<rtai::control> no_order = never_order.receiver();
        for (;;) {
            deed next = machine_->due(now());
            if (next == deed::nothing && !take(next)) {
                // Once the recogniser has ended, nobody speaks any more.
                if (!open(in)) next = machine_->end();
                if (next == deed::nothing && !open(in) && !open(typed)) co_return;
                if (next == deed::nothing) {
                    const auto& moments = open(speech) ? speech.stream() : no_moment;
                    const auto& texts = open(in) ? in.stream() : no_text;
                    const auto& lines = open(typed) ? typed.stream() : no_text;
                    const auto& commands = open(control) ? control.stream() : no_order;
                    auto first = co_await race(moments.receive(), commands.receive(), lines.receive(),
                                               texts.receive(), sleep_until(machine_->deadline()));
                    // Speech goes before its words, whichever was noticed first.
                    if (first.index() == 0 && std::get<0>(first)) next = put(*std::get<0>(first));
                    if (first.index() == 1 && std::get<1>(first)) next = put(*std::get<1>(first));
                    if (first.index() == 2 && std::get<2>(first)) next = write(*std::get<2>(first));
                    if (first.index() == 3) words_ = std::move(std::get<3>(first));
                }
            }
            const bool wanted = co_await obey(next);
            if (!wanted) co_return;
        }
    }

private:
    using deed = turn_machine::deed;

    template <class Port>
    static bool open(const Port& p) noexcept {
        return p && !p.stream().ended();
    }

    /// What waits already, speech before its words.
    bool take(deed& next) {
        if (auto m = speech.try_receive()) next = put(*m);
        else if (auto order = control.try_receive()) next = put(*order);
        else if (auto line = typed.try_receive()) next = write(*line);
        else if (auto words = words_ ? std::exchange(words_, std::nullopt) : in.try_receive())
            next = put(*words);
        else return false;
        return true;
    }

    deed put(const moment& m) {
        if (m.what != what::speech_start && m.what != what::speech_end) return deed::nothing;
        moment noted(m.what);
        noted.of = turn_->upcoming();
        noted.stamp.at = m.stamp.at;
        turn_->log().note(std::move(noted));
        if (m.what == what::speech_end) return machine_->speech_ended(m.stamp.at);
        return machine_->speech_started(m.stamp.at, turn_->answering(), turn_->is_first());
    }

    deed put(const text& t) {
        if (t.final && !machine_->ignores_next() && detail::count_words(t.words) > 0)
            turn_->note(what::heard, turn_->upcoming(), t.words);
        // "Okay" to the last syllable of a question is an answer to it.
        constexpr auto nearly = std::chrono::milliseconds(500);
        return machine_->heard(t.words, t.final, turn_->answering(nearly));
    }

    deed write(const text& t) {
        if (!t.final) return deed::nothing;
        return machine_->typed(t.words);
    }

    deed put(const rtai::control& order) {
        static constexpr std::string_view word = "profile";
        if (order.order != order::custom || !order.detail.starts_with(word)) return deed::nothing;
        const auto name = std::string_view(order.detail).substr(word.size());
        const std::string profile(name.substr(std::min(name.find_first_not_of(' '), name.size())));
        if (!machine_->use(profile))
            turn_->note(what::failure, turn_->upcoming(), "there is no profile '" + profile + "' in 'turn:'");
        return deed::nothing;
    }

    /// False: nobody takes what the person says.
    task<bool> obey(deed d) {
        turn_->person_speaks(machine_->person_speaks());
        switch (d) {
            case deed::hold:
                held_ = true;
                turn_->note(what::paused, turn_->epoch());
                (void)co_await orders.send(rtai::control(order::pause));
                break;
            case deed::resume:
                turn_->note(what::resumed, turn_->epoch());
                break;
            case deed::interrupt:
                turn_->interrupt();
                break;
            default:
                break;
        }
        // Whatever comes next, nothing is to wait for it.
        if (held_ && machine_->now_in() != turn_machine::state::held) {
            held_ = false;
            (void)co_await orders.send(rtai::control(order::resume));
        }
        if (d != deed::finish) co_return true;
        if (turn_->answering()) turn_->interrupt();
        text said(machine_->take_words());
        said.stamp.at = now();
        said.stamp.sequence = sequence_++;
        turn_->note(what::end_of_turn, turn_->upcoming(), said.words);
        const bool taken = co_await out.send(std::move(said));
        co_return taken;
    }

    std::optional<turn_machine> machine_;
    std::optional<text> words_;  // taken, and not looked at yet
    turn* turn_ = nullptr;
    bool held_ = false;  // the machine pauses
    std::uint64_t sequence_ = 0;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::turn_taking,
             "Collects what a person says until the turn is over, and interrupts the machine.");
