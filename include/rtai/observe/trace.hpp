#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <random>
#include <rtai/core/clock.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/observe/field.hpp>
#include <rtai/observe/trace_context.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rtai::observe {

/// As OTLP numbers them.
enum class span_kind : std::uint8_t { internal = 1, server, client, producer, consumer };

/// What is kept of a span that has ended.
struct span_record {
    using value = std::variant<std::string, std::int64_t, double, bool>;
    using calendar_time = std::chrono::sys_time<std::chrono::nanoseconds>;

    trace_context context;
    span_id parent;
    std::string name;
    span_kind kind = span_kind::internal;
    calendar_time start{}, end{};
    std::vector<std::pair<std::string, value>> attributes;
    std::uint32_t attributes_left_out = 0;
    bool failed = false;
    std::string failure;
};

class tracer;

/// Something that takes time, in a trace. Dropping it ends it. One that nobody keeps costs nothing, but has a
/// context for peers all the same.
class span {
public:
    static constexpr std::size_t most_attributes = 32;
    static constexpr std::size_t longest_text = 1024;

    span() = default;
    span(span&&) noexcept = default;
    span& operator=(span&& other) noexcept {
        std::swap(of_, other.of_);
        std::swap(kept_, other.kept_);
        std::swap(context_, other.context_);
        std::swap(start_, other.start_);
        return *this;
    }
    ~span() { end(); }

    const trace_context& context() const noexcept { return context_; }
    bool kept() const noexcept { return kept_ != nullptr; }

    void set(const field& f) {
        if (kept_ == nullptr) return;
        if (kept_->attributes.size() >= most_attributes) {
            ++kept_->attributes_left_out;
            return;
        }
        kept_->attributes.emplace_back(f.name, std::visit([](auto v) { return owned(v); }, f.value));
    }
    void fail(std::string_view why) {
        if (kept_ == nullptr) return;
        kept_->failed = true;
        kept_->failure = why.substr(0, longest_text);
    }

    /// Once; what comes after does nothing.
    inline void end(time_point at) noexcept;
    void end() noexcept {
        if (kept_ != nullptr) end(shard::current() != nullptr ? now() : start_);
    }

private:
    friend class tracer;

    static span_record::value owned(std::string_view v) { return std::string(v.substr(0, longest_text)); }
    static span_record::value owned(std::uint64_t v) { return static_cast<std::int64_t>(v); }
    template <class T>
    static span_record::value owned(T v) {
        return v;
    }

    tracer* of_ = nullptr;
    std::unique_ptr<span_record> kept_;
    trace_context context_;
    time_point start_{};
};

/// Begins spans and keeps those that have ended until somebody takes them. For all shards at once. It must
/// live longer than its spans.
class tracer {
public:
    struct settings {
        settings() = default;
        bool on = false;
        double share = 1;  ///< of the traces that begin here; others are as their peer decided
        std::size_t most_waiting = 4096;
        std::function<span_record::calendar_time()> clock = [] {
            return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
        };
    };

    tracer() : tracer(settings()) {}
    explicit tracer(settings s) : settings_(std::move(s)) {}
    tracer(const tracer&) = delete;
    tracer& operator=(const tracer&) = delete;

    bool on() const noexcept { return settings_.on; }

    /// As a part of `parent`; without one, a new trace.
    span begin(std::string_view name, const trace_context& parent = {},
               span_kind kind = span_kind::internal) {
        if (!on()) return off(parent);
        return begin(name, parent, kind, now());
    }
    /// For what began some time ago; `as` is a place that `reserve` gave.
    span begin(std::string_view name, const trace_context& parent, span_kind kind, time_point start,
               const trace_context& as = {}) {
        if (!on()) return off(as ? as : parent);
        span s = off(parent);
        s.start_ = start;
        if (!parent) {
            s.context_.trace.high = random();
            s.context_.trace.low = random();
            s.context_.sampled = sampled(s.context_.trace);
        }
        s.context_.span = as ? as.span : span_id{random()};
        if (!s.context_.sampled) return s;
        s.of_ = this;
        s.kept_ = std::make_unique<span_record>();
        s.kept_->context = s.context_;
        s.kept_->parent = parent ? parent.span : span_id();
        s.kept_->name = name.substr(0, span::longest_text);
        s.kept_->kind = kind;
        return s;
    }

    /// A place in the trace of `parent` for a span of which more is known later, when others are parts of it.
    trace_context reserve(const trace_context& parent) const {
        trace_context place = parent;
        if (on() && parent) place.span.value = random();
        return place;
    }

    /// The ended ones, the oldest first.
    std::vector<span_record> take(std::size_t most) {
        const std::lock_guard lock(mutex_);
        std::vector<span_record> taken;
        while (taken.size() < most && !ended_.empty()) {
            taken.push_back(std::move(ended_.front()));
            ended_.pop_front();
        }
        return taken;
    }
    std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        return ended_.size();
    }
    /// Spans for which there was no room.
    std::uint64_t dropped() const {
        const std::lock_guard lock(mutex_);
        return dropped_;
    }

private:
    friend class span;

    static span off(const trace_context& parent) {
        span s;
        s.context_ = parent;
        return s;
    }

    /// The same for all who see the trace.
    bool sampled(trace_id id) const noexcept {
        return static_cast<double>(id.low >> 11U) * 0x1.0p-53 < settings_.share;
    }

    static std::uint64_t random() {
        static thread_local std::mt19937_64 source([] {
            std::random_device device;
            return std::uint64_t{device()} << 32U | device();
        }());
        const auto value = source();
        return value != 0 ? value : 1;
    }

    void keep(span_record& r, time_point start, time_point end) noexcept {
        try {
            // Spans count by the shard's time, and the world by the calendar.
            const auto at = shard::current() != nullptr ? now() : end;
            const auto calendar = settings_.clock();
            r.start = calendar - (at - start);
            r.end = calendar - (at - std::max(start, end));
            const std::lock_guard lock(mutex_);
            if (ended_.size() < settings_.most_waiting) ended_.push_back(std::move(r));
            else ++dropped_;
        } catch (const std::bad_alloc&) {
            const std::lock_guard lock(mutex_);
            ++dropped_;
        }
    }

    const settings settings_;
    mutable std::mutex mutex_;
    std::deque<span_record> ended_;
    std::uint64_t dropped_ = 0;
};

inline void span::end(time_point at) noexcept {
    if (const auto record = std::move(kept_)) of_->keep(*record, start_, at);
}

}  // namespace rtai::observe
