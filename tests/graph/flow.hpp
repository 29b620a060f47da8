#pragma once

#include <cstdint>
#include <optional>
#include <rtai/core/channel.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/text.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rtai::test {

/// Wired to an input: says what the test wants it to hear.
template <class T>
class feed {
public:
    template <class Port>
    explicit feed(Port& in, std::size_t capacity = 64, audio_format planned = {})
        : values_(capacity), to_(values_.sender()) {
        in.connect(values_.receiver(), planned);
    }

    /// Numbered, as sources do.
    void say(T value) {
        value.stamp.sequence = next_++;
        (void)to_.try_send(std::move(value));
    }
    void end() { to_.reset(); }
    const sender<T>& to() const noexcept { return to_; }

private:
    channel<T> values_;
    sender<T> to_;
    std::uint64_t next_ = 0;
};

/// Wired to an output: keeps what comes out.
template <class T>
class drain {
public:
    template <class Port>
    explicit drain(Port& out, std::size_t capacity = 64, audio_format planned = {})
        : values_(capacity), from_(values_.receiver()) {
        out.connect(values_.sender(), planned);
    }

    /// What is there now.
    std::vector<T> take() {
        std::vector<T> all;
        while (auto value = from_.try_receive()) all.push_back(std::move(*value));
        return all;
    }
    bool ended() const noexcept { return from_.ended(); }
    void leave() { from_.reset(); }
    const receiver<T>& from() const noexcept { return from_; }

private:
    channel<T> values_;
    receiver<T> from_;
};

using words = std::vector<std::string>;

inline text line(std::string said, epoch of = 0) {
    text t(std::move(said));
    t.stamp.epoch = of;
    return t;
}

inline words words_of(const std::vector<text>& texts) {
    words all;
    for (const auto& t : texts) all.push_back(t.words);
    return all;
}

/// Whether the stamps count up from `first` by one.
template <class T>
bool in_sequence(const std::vector<T>& values, std::uint64_t first = 0) {
    for (const auto& v : values)
        if (v.stamp.sequence != first++) return false;
    return true;
}

/// Says lines with a pause after each.
inline task<> say_slowly(sender<text> to, words lines, duration pause) {
    std::uint64_t sequence = 0;
    for (auto& l : lines) {
        text t(std::move(l));
        t.stamp.sequence = sequence++;
        if (!co_await to.send(std::move(t))) co_return;
        co_await sleep_for(pause);
    }
}

/// A value, and when it came.
template <class T>
struct arrival {
    arrival(duration w, T v) : when(w), value(std::move(v)) {}
    duration when;
    T value;
};

template <class T>
task<> note_arrivals(receiver<T> from, std::vector<arrival<T>>& into) {
    const time_point start = now();
    while (auto value = co_await from.receive()) into.emplace_back(now() - start, std::move(*value));
}

/// What an element's run ends with when it fails.
template <class Element>
task<std::string> failure_of(Element& e) {
    std::string said;
    try {
        co_await e.run();
    } catch (const std::runtime_error& failed) {
        said = failed.what();
    }
    co_return said;
}

}  // namespace rtai::test
