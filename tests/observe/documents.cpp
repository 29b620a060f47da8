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
/// A part of whatever asks for it: in a session of its turn, in none of nothing.
task<std::string> look_up(std::string name) {
    auto looking = co_await observe::begin_span("look up");
    looking.set({"letters", name.size()});
    http::request r("http://directory.example/people/" + name);
    auto found = co_await observe::fetch(std::move(r));  // has a span too, and tells the directory of it
    if (found.ok()) co_return found->body;
    looking.fail(found.error().message());
    co_return "nobody";
}
// [/trace]

// [root]
task<std::string> answer(observe::tracer& traces, const observe::trace_caller& caller, std::string name) {
    auto asked = traces.begin("question", caller.context, observe::span_kind::server);
    observe::trace_place here(traces, asked.context(), caller.state);
    co_return co_await with_inherited(here, look_up(std::move(name)));
}
// [/root]

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
    const observe::trace_caller nobody;
    auto said = co_await answer(t, nobody, "ann");
    REQUIRE(said == "nobody");  // no network in a test
    REQUIRE(t.waiting() == 3);
    said = co_await look_up("ann");
    REQUIRE(t.waiting() == 3);
}

TEST_CASE("what docs/observe.md logs is logged", "[documents]") {
    observe::log_settings s("gateway");
    s.file = "/dev/null";
    observe::log_writer writer(s);
    tell(writer);
    writer.flush();
    REQUIRE(writer.dropped() == 0);
}
