#pragma once

#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/observe/metrics.hpp>
#include <rtai/observe/turn_times.hpp>
#include <string>
#include <vector>

namespace rtai::observe {

/// The metrics of a service that holds conversations, under the names that dashboards know.
struct service_metrics {
    explicit service_metrics(metric_registry& r)
        : sessions_active(r.add_gauge("relay_sessions_active", "Sessions that live.")),
          sessions_total(r.add_counter("relay_sessions_total", "Sessions that have begun.")),
          media_bytes_rx(r.add_counter("relay_media_bytes_rx", "Bytes of media from clients.")),
          media_bytes_tx(r.add_counter("relay_media_bytes_tx", "Bytes of media to clients.")),
          event_push_latency(r.add_histogram("relay_event_push_latency_ms",
                                             "From an event to its being written to the client.", fine_ms())),
          grpc_backend_errors(r.add_counters("relay_grpc_backend_errors",
                                             "Calls to services behind this one that failed.", {"service"})),
          pipelines_active(r.add_gauge("aiservice_pipeline_active", "Pipelines that run.")),
          stt_latency(
              r.add_histogram("aiservice_stt_latency_ms", "From the end of speech to its text.", stage_ms())),
          llm_latency(r.add_histogram("aiservice_llm_latency_ms",
                                      "From the text to the first word of an answer.", stage_ms())),
          tts_latency(
              r.add_histogram("aiservice_tts_latency_ms", "From a sentence to its first sound.", stage_ms())),
          element_errors(
              r.add_counters("aiservice_element_errors", "Failures of elements.", {"pipeline", "element"})),
          frame_lateness(r.add_histogram("rtai_frame_lateness_seconds", "How late a frame of audio went out.",
                                         {.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1})),
          channel_depth(r.add_gauges("rtai_channel_depth", "Values that wait in an edge of a graph.",
                                     {"pipeline", "edge"})),
          channel_dropped(r.add_counters("rtai_channel_dropped_total", "Values that an edge has dropped.",
                                         {"pipeline", "edge"})),
          refused(r.add_counters("rtai_refused_total",
                                 "Connections and requests that were refused, by status.", {"status"})),
          transcription_(stage(r, "transcription", "From the end of speech to its text.")),
          endpointing_(stage(r, "endpointing", "From the end of speech to its being taken for the end.")),
          thinking_(stage(r, "thinking", "From the end of the turn to the first word of the answer.")),
          sentence_(stage(r, "sentence", "From the first word to the first whole sentence.")),
          synthesis_(stage(r, "synthesis", "From the first sentence to its first sound.")),
          playout_(stage(r, "playout", "From the first sound to its being played.")),
          total_(stage(r, "total", "From the end of speech to the first sound of the answer.")) {}

    /// As long as it is kept, a session lives.
    [[nodiscard]] gauge::share session() noexcept {
        sessions_total.add();
        return sessions_active.one();
    }

    void turn(const turn_times& t) noexcept {
        const auto note = [](histogram& h, const std::optional<duration>& d) {
            if (d) h.observe(*d);
        };
        note(transcription_, t.transcription);
        note(endpointing_, t.endpointing);
        note(thinking_, t.thinking);
        note(sentence_, t.sentence);
        note(synthesis_, t.synthesis);
        note(playout_, t.playout);
        note(total_, t.total());
    }

    gauge& sessions_active;
    counter& sessions_total;
    counter& media_bytes_rx;
    counter& media_bytes_tx;
    histogram& event_push_latency;
    family<counter>& grpc_backend_errors;
    gauge& pipelines_active;
    histogram& stt_latency;
    histogram& llm_latency;
    histogram& tts_latency;
    family<counter>& element_errors;
    histogram& frame_lateness;
    family<gauge>& channel_depth;
    family<counter>& channel_dropped;
    family<counter>& refused;

private:
    static histogram& stage(metric_registry& r, const std::string& name, std::string about) {
        return r.add_histogram("rtai_turn_" + name + "_seconds", std::move(about),
                               {.005, .01, .025, .05, .1, .2, .3, .5, .75, 1, 1.5, 2, 3, 5, 10});
    }
    static std::vector<double> stage_ms() {
        return {5, 10, 25, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000, 10000};
    }
    static std::vector<double> fine_ms() {
        return {.05, .1, .25, .5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000};
    }

    histogram& transcription_;
    histogram& endpointing_;
    histogram& thinking_;
    histogram& sentence_;
    histogram& synthesis_;
    histogram& playout_;
    histogram& total_;
};

}  // namespace rtai::observe
