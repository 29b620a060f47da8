#pragma once

#include <rtai/graph/any.hpp>
#include <rtai/graph/detail/signature.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <type_traits>
#include <utility>

namespace rtai {

/// `filter<is_long>`, where `bool is_long(const text&)` is a function of yours.
template <auto Predicate>
struct filter {
    using value_type = typename detail::signature_of<Predicate>::argument;
    static_assert(std::is_invocable_r_v<bool, decltype(Predicate), const value_type&>,
                  "a filter takes a function such as bool is_long(const rtai::text&)");

    input<value_type> in;
    output<value_type, as_received> out;
    RTAI_DESCRIBE(filter, in, out)

    task<> run() {
        while (auto value = co_await in.receive()) {
            if (!Predicate(std::as_const(*value))) continue;
            if (!co_await out.send(std::move(*value))) co_return;
        }
    }
};

}  // namespace rtai

RTAI_ELEMENT(rtai::filter<rtai::any_predicate>,
             "Passes on the values for which a function of yours says true.");
