#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <rtai/observe/metrics.hpp>
#include <rtai/observe/service_metrics.hpp>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace rtai;
using namespace rtai::observe;
using namespace std::chrono_literals;

TEST_CASE("metrics are told as Prometheus reads them", "[metrics]") {
    metric_registry r;
    auto& calls = r.add_counter("calls_total", "Calls.\nSecond line, and a \\.");
    auto& depth = r.add_gauges("depth", "How deep.", {"pipeline", "edge"});
    auto& took = r.add_histogram("took_seconds", "How long.", {0.1, 1});
    calls.add();
    calls.add(41);
    depth.with({"p", "a -> b"}).set(2.5);
    depth.with({"quote \" back \\ line \n bad \xC3", "é"}).set(-1);
    took.observe(50ms);
    took.observe(0.1);
    took.observe(1s);
    took.observe(7.0);
    took.observe(std::numeric_limits<double>::quiet_NaN());
    REQUIRE(r.text() ==
            "# HELP calls_total Calls.\\nSecond line, and a \\\\.\n"
            "# TYPE calls_total counter\n"
            "calls_total 42\n"
            "# HELP depth How deep.\n"
            "# TYPE depth gauge\n"
            "depth{pipeline=\"p\",edge=\"a -> b\"} 2.5\n"
            "depth{pipeline=\"quote \\\" back \\\\ line \\n bad \xEF\xBF\xBD\",edge=\"é\"} -1\n"
            "# HELP took_seconds How long.\n"
            "# TYPE took_seconds histogram\n"
            "took_seconds_bucket{le=\"0.1\"} 2\n"
            "took_seconds_bucket{le=\"1\"} 3\n"
            "took_seconds_bucket{le=\"+Inf\"} 4\n"
            "took_seconds_sum 8.15\n"
            "took_seconds_count 4\n");
}

TEST_CASE("a histogram whose name ends with _ms counts milliseconds", "[metrics]") {
    metric_registry r;
    auto& h = r.add_histogram("latency_ms", "Latency.", {10, 100});
    h.observe(50ms);
    REQUIRE(h.sum() == Approx(50));
    REQUIRE(h.counts() == std::vector<std::uint64_t>{0, 1, 0});
}

TEST_CASE("what many threads count is summed up, also after they have ended", "[metrics]") {
    metric_registry r;
    auto& c = r.add_counter("c_total", "C.");
    auto& h = r.add_histogram("h_seconds", "H.", {0.5});
    auto& g = r.add_gauge("g", "G.");
    for (int round = 0; round < 3; ++round) {
        std::vector<std::thread> threads;
        for (int t = 0; t < 24; ++t)  // more than there are places of their own
            threads.emplace_back([&] {
                for (int i = 0; i < 1000; ++i) {
                    c.add();
                    h.observe(i % 2 == 0 ? 0.25 : 0.75);
                    const auto one = g.one();
                }
            });
        for (auto& t : threads) t.join();
    }
    REQUIRE(c.value() == 72'000);
    REQUIRE(h.counts() == std::vector<std::uint64_t>{36'000, 36'000});
    REQUIRE(h.sum() == Approx(36'000));
    REQUIRE(g.value() == 0);
}

TEST_CASE("a share of a gauge counts for one as long as it is held", "[metrics]") {
    gauge g;
    {
        auto one = g.one();
        auto other = std::move(one);
        REQUIRE(g.value() == 1);
        one = g.one();
        REQUIRE(g.value() == 2);
    }
    REQUIRE(g.value() == 0);
}

TEST_CASE("labels without end are counted together", "[metrics]") {
    metric_registry r(10);
    auto& f = r.add_counters("c_total", "C.", {"client"});
    for (int i = 0; i < 100; ++i) f.with({std::to_string(i)}).add();
    REQUIRE(f.with({"3"}).value() == 1);
    REQUIRE(f.with({"99"}).value() == 90);
    REQUIRE(&f.with({"99"}) == &f.with({"(other)"}));
}

TEST_CASE("what can not be a metric is refused", "[metrics]") {
    metric_registry r;
    r.add_counter("a", "A.");
    REQUIRE_THROWS_WITH(r.add_gauge("a", "A."), "the metric a is there already");
    for (const auto* name : {"", "a b", "9a", "a-b", "é"}) REQUIRE_THROWS(r.add_counter(name, ""));
    for (const auto* label : {"", "le", "__x", "a:b", "9"}) REQUIRE_THROWS(r.add_counters("b", "", {label}));
    REQUIRE_THROWS(r.add_histogram("c", "", {}));
    REQUIRE_THROWS(r.add_histogram("d", "", {1, 1}));
    REQUIRE_THROWS_WITH(r.add_counters("e", "", {"x"}).with({"1", "2"}), "e has 1 labels, not 2");
    REQUIRE(r.text().find("\nb") == std::string::npos);
}

TEST_CASE("gauges can be set when somebody looks", "[metrics]") {
    metric_registry r;
    auto& g = r.add_gauge("g", "G.");
    int looks = 0;
    r.before_scrape([&] { g.set(++looks); });
    REQUIRE(r.text().find("g 1\n") != std::string::npos);
    REQUIRE(r.text().find("g 2\n") != std::string::npos);
}

TEST_CASE("a service's metrics are what promtool takes, under the names that dashboards know", "[metrics]") {
    metric_registry r;
    service_metrics m(r);
    const auto session = m.session();
    m.media_bytes_rx.add(640);
    m.event_push_latency.observe(3ms);
    m.grpc_backend_errors.with({"relay"}).add();
    m.element_errors.with({"voice", "stt"}).add();
    m.channel_depth.with({"voice", "mic -> stt"}).set(3);
    m.channel_dropped.with({"voice", "mic -> stt"}).add(2);
    m.refused.with({"401"}).add();
    turn_times t;
    t.transcription = 120ms;
    t.thinking = 680ms;
    m.turn(t);
    const auto text = r.text();
    for (const auto* sample : {"relay_sessions_active 1\n",
                               "relay_sessions_total 1\n",
                               "relay_media_bytes_rx 640\n",
                               "relay_media_bytes_tx 0\n",
                               "relay_event_push_latency_ms_sum 3\n",
                               "relay_grpc_backend_errors{service=\"relay\"} 1\n",
                               "aiservice_pipeline_active 0\n",
                               "aiservice_stt_latency_ms_count 0\n",
                               "aiservice_llm_latency_ms_count 0\n",
                               "aiservice_tts_latency_ms_count 0\n",
                               "aiservice_element_errors{pipeline=\"voice\",element=\"stt\"} 1\n",
                               "rtai_turn_transcription_seconds_sum 0.12\n",
                               "rtai_turn_endpointing_seconds_count 0\n",
                               "rtai_turn_thinking_seconds_count 1\n",
                               "rtai_turn_sentence_seconds_count 0\n",
                               "rtai_turn_synthesis_seconds_count 0\n",
                               "rtai_turn_playout_seconds_count 0\n",
                               "rtai_turn_total_seconds_sum 0.8\n",
                               "rtai_turn_total_seconds_bucket{le=\"1\"} 1\n",
                               "rtai_frame_lateness_seconds_count 0\n",
                               "rtai_channel_depth{pipeline=\"voice\",edge=\"mic -> stt\"} 3\n",
                               "rtai_channel_dropped_total{pipeline=\"voice\",edge=\"mic -> stt\"} 2\n"}) {
        INFO(sample);
        REQUIRE(text.find(std::string("\n") + sample) != std::string::npos);
    }

    if (std::system("promtool --version >/dev/null 2>&1") != 0) {
        WARN("skipped: there is no promtool (Debian: prometheus)");
        return;
    }
    const auto path = std::filesystem::temp_directory_path() / ("rtai_metrics_" + std::to_string(::getpid()));
    std::ofstream(path) << text;
    auto* told = ::popen(("promtool check metrics < " + path.string() + " 2>&1").c_str(), "r");
    REQUIRE(told != nullptr);
    std::string said;
    for (char line[512]; std::fgets(line, sizeof line, told) != nullptr;) said += line;
    ::pclose(told);
    std::filesystem::remove(path);
    // Some of the names are older than Prometheus's advice on names.
    std::size_t at = 0;
    while (at < said.size()) {
        const auto end = said.find('\n', at);
        const auto line = said.substr(at, end - at);
        INFO(line);
        const bool advice = line.find("should have \"_total\" suffix") != std::string::npos ||
                            line.find("should not contain abbreviated units") != std::string::npos ||
                            line.find("use base unit") != std::string::npos;
        REQUIRE((advice && (line.starts_with("relay_") || line.starts_with("aiservice_"))));
        at = end + 1;
    }
}
