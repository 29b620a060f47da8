#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <rtai/core/clock.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/watcher.hpp>
#include <rtai/observe/log.hpp>
#include <rtai/observe/log_writer.hpp>
#include <rtai/observe/metrics.hpp>
#include <rtai/observe/options.hpp>
#include <rtai/observe/process_metrics.hpp>
#include <rtai/observe/service_metrics.hpp>
#include <rtai/observe/trace.hpp>
#include <rtai/observe/turn_trace.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::gateway {

/// Tells of sessions in logs, metrics and traces.
class telemetry final : public watcher {
public:
    telemetry(const std::string& service, const observe::observe_options& o)
        : writer_(observe::log_settings(service, o.logs)),
          log_(writer_, "gateway"),
          metrics_(registry_),
          spans_(settings_of(o)) {
        observe::add_process_metrics(registry_);
    }

    /// What /metrics shows.
    std::string text() const { return registry_.text(); }
    observe::tracer& spans() noexcept { return spans_; }
    observe::tracer* traces() noexcept override { return &spans_; }
    const observe::logger& log() const noexcept { return log_; }

    void began(const session& s) override {
        metrics_.sessions_total.add();
        metrics_.sessions_active.add(1);
        metrics_.pipelines_active.add(1);
        log_of(s).info("session_created",
                       {{"client", s.client}, {"transport", s.transport}, {"pipeline", s.pipeline}});
    }

    void ended(const session& s, ending why, std::string_view failure) override {
        metrics_.sessions_active.add(-1);
        metrics_.pipelines_active.add(-1);
        const auto log = log_of(s);
        if (why == ending::failed) {
            metrics_.element_errors.with({s.pipeline, element_in(failure)}).add();
            log.error("session_failed", {}, failure);
        }
        log.info("session_ended", {{"why", name_of(why)},
                                   {"turns", s.turns.load()},
                                   {"bytes_in", s.bytes_in.load()},
                                   {"bytes_out", s.bytes_out.load()}});
    }

    void happened(const session& s, const moment& m) override {
        if (m.what == what::failure) {
            metrics_.element_errors.with({s.pipeline, element_in(m.detail)}).add();
            log_of(s).warning("failure", {{"turn", m.of}}, m.detail);
        }
        // What was said is nobody's business but the two's.
        if (log_.says(observe::log_level::debug)) log_of(s).debug(name_of(m.what), {{"turn", m.of}});
    }

    void turned(const session& s, const turn_record& r) override {
        const auto l = r.latency();
        const auto times = l ? times_of(*l) : observe::turn_times();
        if (s.trace) trace(*s.trace, r, times);
        if (!l) return;
        metrics_.turn(times);
        metrics_.stt_latency.observe(l->transcription);
        metrics_.llm_latency.observe(l->thinking);
        metrics_.tts_latency.observe(l->synthesis);
    }

    void sent(const session&, std::size_t bytes, duration late) override {
        metrics_.media_bytes_tx.add(bytes);
        if (late >= duration::zero()) metrics_.frame_lateness.observe(late);
    }
    void received(const session&, std::size_t bytes) override { metrics_.media_bytes_rx.add(bytes); }
    void told(const session&, duration after) override { metrics_.event_push_latency.observe(after); }

    void edge(const session& s, std::string_view name, std::int64_t deeper, std::uint64_t dropped) override {
        if (deeper != 0) metrics_.channel_depth.with({s.pipeline, name}).add(static_cast<double>(deeper));
        metrics_.channel_dropped.with({s.pipeline, name}).add(dropped);
    }

    void warned(std::string_view of, std::string_view words) override { log_.warning(of, {}, words); }
    void refused(unsigned status) override { metrics_.refused.with({std::to_string(status)}).add(); }

private:
    static observe::tracer::settings settings_of(const observe::observe_options& o) {
        observe::tracer::settings s;
        s.on = o.traces.has_value() && !o.traces->otlp.empty();
        if (o.traces) s.share = o.traces->share;
        return s;
    }

    observe::logger log_of(const session& s) const { return log_.in_session(s.id).in_trace(s.trace_id()); }

    static observe::turn_times times_of(const turn_latency& l) {
        observe::turn_times t;
        t.transcription = l.transcription;
        t.endpointing = l.endpointing;
        t.thinking = l.thinking;
        t.sentence = l.sentence;
        t.synthesis = l.synthesis;
        t.playout = l.playout;
        return t;
    }

    /// A typed turn has no end of speech: it begins with the first that is known of it.
    static void trace(observe::session_trace& in, const turn_record& r, const observe::turn_times& times) {
        if (r.moments.empty()) return;
        const auto spoken = times.total() ? r.spoken_until() : std::nullopt;
        observe::traced_turn t({}, r.of, spoken.value_or(r.moments.front().stamp.at));
        t.ended = r.moments.back().stamp.at;
        t.times = times;
        t.interrupted = r.interrupted;
        in.turn_over(t);
    }

    /// Failures begin with the name of who failed: "stt (talk.yaml:9): ...".
    static std::string_view element_in(std::string_view words) noexcept {
        const auto end = words.find_first_of(" :(");
        return end == 0 || end == std::string_view::npos || end > 64 ? std::string_view("unknown")
                                                                     : words.substr(0, end);
    }

    observe::log_writer writer_;
    observe::logger log_;
    observe::metric_registry registry_;
    observe::service_metrics metrics_;
    observe::tracer spans_;
};

}  // namespace rtai::gateway
