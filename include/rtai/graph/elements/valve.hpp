#pragma once

#include <optional>
#include <rtai/core/race.hpp>
#include <rtai/data/control.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <utility>
#include <variant>

namespace rtai {

/// While it is paused, values wait before it, as many as their channel holds. Orders go before values: also
/// one that waits for room behind the valve is held or thrown away by them.
template <class T>
struct valve {
    struct options {
        bool paused = false;
        RTAI_DESCRIBE(options, paused)

        static void notes(rtai::notes<options>& about) {
            about(&options::paused, "begins closed, and waits for 'resume'");
        }
    };

    valve() : valve(options()) {}
    explicit valve(options o) : options_(o) {}

    input<T> in;
    input<rtai::control, if_wired> control;
    output<T, as_received> out;
    RTAI_DESCRIBE(valve, in, control, out)

    task<> run() {
        bool paused = options_.paused;
        std::optional<T> held;
        while (control) {
            std::optional<rtai::control> said = control.try_receive();
            if (!said && paused) {
                said = co_await control.receive();
                if (!said) break;
            } else if (!said && held) {
                auto first = co_await race(control.receive(), out.send(std::move(*held)));
                if (first.index() == 1) {
                    if (!std::get<1>(first)) co_return;
                    held.reset();
                    continue;
                }
                said = std::get<0>(std::move(first));
                if (!said) break;
            } else if (!said) {
                auto first = co_await race(control.receive(), in.receive());
                if (first.index() == 1) {
                    held = std::get<1>(std::move(first));
                    if (!held) co_return;
                    continue;
                }
                said = std::get<0>(std::move(first));
                if (!said) break;
            }
            switch (said->order) {
                case order::pause:
                    paused = true;
                    break;
                case order::resume:
                    paused = false;
                    break;
                case order::flush:
                    held.reset();
                    in.stream().flush([](const T&) { return true; });
                    break;
                case order::stop:
                    co_return;
                default:
                    break;
            }
        }
        // Nobody gives orders any more, so it stays open.
        if (held && !co_await out.send(std::move(*held))) co_return;
        co_await hand_on(in, out);
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::valve<rtai::any_type>,
             "Passes everything on until it is told to pause, to throw away what waits, or to stop.");
