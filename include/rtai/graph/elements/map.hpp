#pragma once

#include <optional>
#include <rtai/core/task.hpp>
#include <rtai/data/stream.hpp>
#include <rtai/graph/any.hpp>
#include <rtai/graph/detail/signature.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <type_traits>
#include <utility>

namespace rtai {

/// `map<shout>`, where `text shout(text)` is a function of yours. It may also be a coroutine that returns
/// `task<text>`, and leave a value out with `std::optional<text>`. What it leaves unstamped carries the stamp
/// of what it was made from.
template <auto Function>
struct map {
private:
    using parameter = typename detail::signature_of<Function>::parameter;
    using result = typename detail::signature_of<Function>::result;

public:
    using taken_type = typename detail::signature_of<Function>::argument;
    using made_type = typename detail::made_by<result>::type;
    static_assert(!std::is_void_v<made_type>, "a map takes a function that returns something");

    input<taken_type> in;
    // Audio that is made from audio has the format of that.
    std::conditional_t<std::is_same_v<taken_type, made_type>, output<made_type, as_received>,
                       output<made_type>>
        out;
    RTAI_DESCRIBE(map, in, out)

    task<> run() {
        while (auto value = co_await in.receive()) {
            const auto of = stamp_of(*value);
            std::optional<made_type> made;
            if constexpr (detail::made_by<result>::waits) {
                auto work = Function(static_cast<parameter&&>(*value));
                made = co_await std::move(work);
            } else {
                made = Function(static_cast<parameter&&>(*value));
            }
            if (!made) continue;
            put_stamp(*made, of);
            if (!co_await out.send(std::move(*made))) co_return;
        }
    }

private:
    static stamp stamp_of(const taken_type& value) noexcept {
        if constexpr (stamped<taken_type>) return value.stamp;
        else return {};
    }

    static void put_stamp(made_type& value, const stamp& of) noexcept {
        if constexpr (stamped<made_type>) {
            const stamp& s = value.stamp;
            if (s.at == time_point() && s.sequence == 0 && s.epoch == 0) value.stamp = of;
        }
    }
};

}  // namespace rtai

RTAI_ELEMENT(rtai::map<rtai::any_function>,
             "Passes on what a function of yours makes of each value; it may wait, and leave values out.");
