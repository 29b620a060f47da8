#pragma once

#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/stream.hpp>
#include <rtai/graph/format.hpp>
#include <rtai/graph/turn.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rtai {

namespace detail {

template <class Trait, class... Traits>
inline constexpr bool has_trait = (std::is_same_v<Trait, Traits> || ...);

/// `co_await out.send(value)` of an output: a value that nobody listens to is dropped, and the element
/// goes on.
template <class T>
class port_send_await : public send_await<T> {
public:
    port_send_await(channel_core<T>* core, T& value) noexcept : send_await<T>(core, value) {}

    bool await_ready() { return !this->has_channel() || send_await<T>::await_ready(); }
};

/// The same for what belongs to a turn: when that is over by the time the value could enter the channel,
/// it is dropped, too.
template <stamped T>
class port_send_await<T> : public send_await<T> {
public:
    port_send_await(channel_core<T>* core, T& value, turn* in) noexcept
        : send_await<T>(core, value), turn_(in), epoch_(value.stamp.epoch) {}

    bool await_ready() { return !this->has_channel() || send_await<T>::await_ready(); }
    [[nodiscard("false means that nobody receives any more: stop")]] bool await_resume() {
        if (turn_ != nullptr && this->pending() && turn_->stale(epoch_)) {
            this->disarm();
            turn_->count_dropped();
            return true;
        }
        return send_await<T>::await_resume();
    }

private:
    turn* turn_;
    rtai::epoch epoch_;
};

/// A sender that gives away its channel's core, for `output`.
template <class T>
struct open_sender : sender<T> {
    explicit open_sender(sender<T> s) noexcept : sender<T>(std::move(s)) {}
    channel_core<T>* core_of() const noexcept { return this->core_; }
};

}  // namespace detail

/// Where an element takes values from. A graph connects it; until then it has no values and no end.
template <class T, class... Traits>
class input {
public:
    using value_type = T;
    static constexpr bool is_input = true;
    static constexpr bool is_many = false;
    static constexpr bool may_be_unwired = detail::has_trait<if_wired, Traits...>;
    static port_format accepts() { return format_of<Traits...>(); }

    /// `while (auto x = co_await in.receive()) ...` ends with the stream.
    [[nodiscard]] auto receive() const noexcept { return from_.receive(); }
    std::optional<T> try_receive() const {
        if (!from_) return std::nullopt;
        return from_.try_receive();
    }

    /// For `lanes`, `race` and whatever else works on a receiver.
    const receiver<T>& stream() const noexcept { return from_; }

    explicit operator bool() const noexcept { return static_cast<bool>(from_); }

    /// The format of what arrives, when the graph was planned.
    const audio_format& format() const noexcept
        requires std::is_same_v<T, audio>
    {
        return format_;
    }

    void connect(receiver<T> from, audio_format planned = {}) noexcept {
        from_ = std::move(from);
        format_ = planned;
    }
    /// Takes another port's stream over, as a pipeline hands its own to the element behind it.
    template <class... Others>
    void take(input<T, Others...>& other) noexcept {
        connect(std::move(other.from_), other.format_);
    }
    void disconnect() noexcept { from_.reset(); }

private:
    template <class, class...>
    friend class input;
    receiver<T> from_;
    audio_format format_;
};

/// Where an element puts values. A value goes nowhere when the port is not connected.
template <class T, class... Traits>
class output {
public:
    using value_type = T;
    static constexpr bool is_input = false;
    static constexpr bool is_many = false;
    static constexpr bool follows_input = detail::has_trait<as_received, Traits...>;
    static constexpr bool waits = detail::has_trait<can_wait, Traits...>;
    static port_format accepts() { return format_of<Traits...>(); }

    /// `if (!co_await out.send(std::move(x))) co_return;`
    [[nodiscard]] detail::port_send_await<T> send(T&& value) const noexcept {
        if constexpr (stamped<T>) return {is_stale(value) ? nullptr : to_.core_of(), value, turn_};
        else return {to_.core_of(), value};
    }

    /// Without waiting.
    offered try_send(T&& value) const {
        if (!to_ || is_stale(value)) return offered::dropped;
        return to_.try_send(std::move(value));
    }

    bool ended() const noexcept { return to_ && to_.ended(); }
    explicit operator bool() const noexcept { return static_cast<bool>(to_); }

    /// What became of the values that were sent.
    channel_stats stats() const noexcept { return to_ ? to_.stats() : channel_stats(); }

    /// The format that the graph wants of this port.
    const audio_format& format() const noexcept
        requires std::is_same_v<T, audio>
    {
        return format_;
    }

    /// The turn of the conversation, or null in a pipeline that can not be interrupted.
    rtai::turn* turn() const noexcept { return turn_; }

    void connect(sender<T> to, audio_format planned = {}) noexcept {
        to_ = detail::open_sender<T>(std::move(to));
        format_ = planned;
    }
    void belong_to(rtai::turn& t) noexcept { turn_ = &t; }
    template <class... Others>
    void take(output<T, Others...>& other) noexcept {
        to_ = std::move(other.to_);
        format_ = other.format_;
        if (other.turn_ != nullptr) turn_ = other.turn_;
    }
    void disconnect() noexcept { to_.reset(); }

private:
    template <class, class...>
    friend class output;

    bool is_stale(const T& value) const noexcept {
        if constexpr (stamped<T>)
            if (turn_ != nullptr && turn_->stale(value.stamp.epoch)) [[unlikely]] {
                turn_->count_dropped();
                return true;
            }
        return false;
    }

    detail::open_sender<T> to_{sender<T>()};
    audio_format format_;
    rtai::turn* turn_ = nullptr;
};

/// Inputs side by side, as many as the graph has wires for.
template <class T, class... Traits>
class inputs {
public:
    using value_type = T;
    using single = input<T, Traits...>;
    static constexpr bool is_input = true;
    static constexpr bool is_many = true;
    static constexpr bool may_be_unwired = single::may_be_unwired;
    static port_format accepts() { return format_of<Traits...>(); }

    const std::vector<single>& all() const noexcept { return all_; }
    void connect(receiver<T> from, audio_format planned = {}) {
        all_.emplace_back().connect(std::move(from), planned);
    }
    template <class... Others>
    void take(input<T, Others...>& other) {
        all_.emplace_back().take(other);
    }
    void disconnect() noexcept { all_.clear(); }

private:
    std::vector<single> all_;
};

/// Outputs side by side.
template <class T, class... Traits>
class outputs {
public:
    using value_type = T;
    using single = output<T, Traits...>;
    static constexpr bool is_input = false;
    static constexpr bool is_many = true;
    static constexpr bool follows_input = single::follows_input;
    static constexpr bool waits = single::waits;
    static port_format accepts() { return format_of<Traits...>(); }

    const std::vector<single>& all() const noexcept { return all_; }
    void connect(sender<T> to, audio_format planned = {}) {
        auto& made = all_.emplace_back();
        made.connect(std::move(to), planned);
        if (turn_ != nullptr) made.belong_to(*turn_);
    }
    /// Those that are connected, and those that will be.
    void belong_to(rtai::turn& t) noexcept {
        turn_ = &t;
        for (auto& o : all_) o.belong_to(t);
    }
    template <class... Others>
    void take(output<T, Others...>& other) {
        all_.emplace_back().take(other);
    }
    void disconnect() noexcept { all_.clear(); }

private:
    std::vector<single> all_;
    rtai::turn* turn_ = nullptr;
};

/// Inputs side by side, each under the name that the pipeline has for its stream: what a service takes.
template <class T, class... Traits>
class named_inputs {
public:
    using value_type = T;
    using single = input<T, Traits...>;
    static constexpr bool is_input = true;
    static constexpr bool is_many = true;
    static constexpr bool may_be_unwired = single::may_be_unwired;
    static port_format accepts() { return format_of<Traits...>(); }

    /// Made when it is asked for.
    single& operator[](std::string_view name) {
        for (auto& [known, in] : all_)
            if (known == name) return in;
        return all_.emplace_back(std::string(name), single()).second;
    }
    const std::vector<std::pair<std::string, single>>& all() const noexcept { return all_; }
    void disconnect() noexcept { all_.clear(); }

private:
    std::vector<std::pair<std::string, single>> all_;
};

/// Any of the five above.
template <class P>
concept port = requires(P p) {
    typename P::value_type;
    { P::is_input } -> std::convertible_to<bool>;
    { P::is_many } -> std::convertible_to<bool>;
    p.disconnect();
};

/// Whether a wire from one port to the other can be: they carry the same.
template <class Out, class In>
concept fits = port<Out> && port<In> && !Out::is_input && In::is_input &&
               std::same_as<typename Out::value_type, typename In::value_type>;

}  // namespace rtai
