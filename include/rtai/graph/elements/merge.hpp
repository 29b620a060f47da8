#pragma once

#include <rtai/core/scope.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <utility>

namespace rtai {

template <class T>
struct merge {
    inputs<T> in;
    output<T, as_received> out;
    RTAI_DESCRIBE(merge, in, out)

    task<> run() {
        co_await with_scope([this](scope& all) -> task<> { return hand_on_all(all); });
    }

private:
    task<> hand_on_all(scope& all) {
        for (const auto& one : in.all()) all.spawn(hand_on_in(all, one));
        co_await all.join();
    }

    /// Who learns that nobody receives tells the others, who may have long to wait.
    task<> hand_on_in(scope& all, const input<T>& one) {
        co_await hand_on(one, out);
        if (out.ended()) all.cancel();
    }
};

}  // namespace rtai

RTAI_ELEMENT(
    rtai::merge<rtai::any_type>,
    "Puts what comes from several inputs into one stream, as it comes; it ends when all of them have.");
