#pragma once

#include <cstddef>
#include <rtai/core/channel.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/stream.hpp>
#include <rtai/graph/port.hpp>
#include <type_traits>
#include <utility>

namespace rtai {

struct edge_options {
    std::size_t capacity = 0;
    RTAI_DESCRIBE(edge_options, capacity)

    static void notes(rtai::notes<edge_options>& about) {
        about(&edge_options::capacity, "how many values wait here at most; 0: what is usual for their type",
              range(0, 1'000'000));
    }
};

/// A wire of a graph: one channel, into which one or more outputs put values, and one input that takes them.
template <class T, class Policy = typename stream_traits<T>::policy>
class edge {
public:
    using value_type = T;

    explicit edge(const edge_options& o = {}, audio_format planned = {})
        : values_(make(o)), format_(planned) {}
    edge(const edge&) = delete;  // a turn that guards it knows where it is
    edge& operator=(const edge&) = delete;

    template <class... Traits>
    void from(output<T, Traits...>& out) {
        out.connect(values_.sender(), format_);
    }
    template <class... Traits>
    void from(outputs<T, Traits...>& out) {
        out.connect(values_.sender(), format_);
    }
    template <class... Traits>
    void into(input<T, Traits...>& in) {
        in.connect(values_.receiver(), format_);
    }
    template <class... Traits>
    void into(inputs<T, Traits...>& in) {
        in.connect(values_.receiver(), format_);
    }

    /// Throws away what is in it that belongs to a turn that is over.
    std::size_t flush(const turn& t) {
        if constexpr (stamped<T>)
            return values_.flush([&](const T& value) { return t.stale(value.stamp.epoch); });
        else return 0;
    }

    /// Interruptions of this turn flush the edge.
    void guard(turn& t) {
        if constexpr (stamped<T>) t.guard([this, &t] { return flush(t); });
    }

    const audio_format& format() const noexcept { return format_; }
    channel_stats stats() const noexcept { return values_.stats(); }

private:
    static channel<T, Policy> make(const edge_options& o) {
        if constexpr (std::same_as<Policy, latest>) return channel<T, latest>();
        else return channel<T, Policy>(o.capacity != 0 ? o.capacity : stream_traits<T>::capacity);
    }

    channel<T, Policy> values_;
    audio_format format_;
};

/// Connects two ports by hand, with the channel that is usual for their type, or with `wire<block>` and its
/// like another one.
template <class Policy = void, port Out, port In>
    requires fits<Out, In>
void wire(Out& out, In& in, audio_format planned = {}) {
    using T = typename Out::value_type;
    using usual = typename stream_traits<T>::policy;
    edge<T, std::conditional_t<std::is_void_v<Policy>, usual, Policy>> between(edge_options(), planned);
    between.from(out);
    between.into(in);
}

}  // namespace rtai
