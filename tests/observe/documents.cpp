// The code of docs/observe.md.

#include <catch2/catch.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/observe.hpp>
#include <string>

#include "support/co_test.hpp"

using namespace rtai;
using namespace std::chrono_literals;

namespace {

// [log]
void tell(observe::log_writer& writer) {
    const observe::logger log(writer, "session_manager");
    const auto session = log.in_session("7f3a");
    session.info("session_created", {{"client_type", "webrtc"}, {"waited_ms", 12}});
    session.warning("frames_dropped", {{"edge", "mic -> stt"}, {"frames", 3}});
}
// [/log]

// [metrics]
struct my_metrics {
    explicit my_metrics(observe::metric_registry& r)
        : orders(r.add_counter("shop_orders_total", "Orders that were taken.")),
          cooking(r.add_histogram("shop_cooking_seconds", "From the order to the plate.", {60, 300, 900})) {}
    observe::counter& orders;
    observe::histogram& cooking;
};
// [/metrics]

// [trace]
task<> answer(observe::tracer& traces, const observe::trace_context& caller) {
    auto turn = traces.begin("turn", caller, observe::span_kind::server);
    turn.set({"session", "7f3a"});
    {
        auto thinking = traces.begin("thinking", turn.context());
        co_await sleep_for(200ms);
    }
    // to a peer: headers.set("traceparent", observe::to_traceparent(turn.context()))
}
// [/trace]

}  // namespace

CO_TEST("what docs/observe.md has is counted and traced", "[documents]") {
    observe::metric_registry r;
    my_metrics m(r);
    m.orders.add();
    m.cooking.observe(5min);
    REQUIRE(r.text().find("shop_cooking_seconds_bucket{le=\"300\"} 1") != std::string::npos);
    observe::tracer::settings s;
    s.on = true;
    observe::tracer t(s);
    const observe::trace_context nobody;
    co_await answer(t, nobody);
    REQUIRE(t.waiting() == 2);
}

TEST_CASE("what docs/observe.md logs is logged", "[documents]") {
    observe::log_settings s("gateway");
    s.file = "/dev/null";
    observe::log_writer writer(s);
    tell(writer);
    writer.flush();
    REQUIRE(writer.dropped() == 0);
}
