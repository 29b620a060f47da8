#pragma once

#include <rtai/graph/any.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <utility>

namespace rtai {

template <class T>
struct tee {
    input<T> in;
    outputs<T, as_received> out;
    RTAI_DESCRIBE(tee, in, out)

    task<> run() {
        while (auto value = co_await in.receive()) {
            bool heard = out.all().empty();
            for (const auto& branch : out.all()) {
                T copy = *value;
                if (co_await branch.send(std::move(copy))) heard = true;
            }
            if (!heard) co_return;
        }
    }
};

}  // namespace rtai

RTAI_ELEMENT(rtai::tee<rtai::any_type>,
             "Gives everything to each of its outputs; one that has ended does not stop the others.");
