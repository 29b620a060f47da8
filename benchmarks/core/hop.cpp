#include "hop.hpp"

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "../support/program.hpp"
#include "questions.hpp"

namespace bench {

namespace {

using ways = std::vector<std::function<double()>>;

// oneTBB is linked when it is installed.
#ifdef BENCH_TBB
const ways tbb_queueing = {[] { return tbb_stream(1); }, [] { return tbb_stream(2); }};
const ways tbb_lightweight = {tbb_stream_lightweight};
const ways tbb_one = {tbb_single};
#else
const ways tbb_queueing, tbb_lightweight, tbb_one;
#endif

ways of(const std::string& name, std::initializer_list<std::string> arguments) {
    const program peer(name);
    ways all;
    if (peer.installed())
        for (const auto& a : arguments) all.emplace_back([peer, a] { return peer.run(a); });
    return all;
}

}  // namespace

/// What does it cost to hand a message on to the next element?
void hop(sheet& s) {
    s.measure(
        "Streaming through 8 elements, 64 messages of room between them", "nanoseconds an element",
        {
            {"hop_ns.rtai_stream", "rtai channel", role::ours, {rtai_stream}},
            {"hop_ns.bare_calls", "bare loop of function calls", role::bound, {bare_calls}},
            {"hop_ns.bare_ring", "bare coroutines, no loop, no policies", role::bound, {bare_ring}},
            {"hop_ns.asio_channel", "Asio experimental::channel", role::peer, {asio_stream}},
            {"hop_ns.asio_channel_try",
             "the same, try_send and try_receive first",
             role::peer,
             {asio_stream_try_first}},
            {"hop_ns.tbb", "oneTBB flow graph", role::peer, tbb_queueing},
            {"hop_ns.tbb_lightweight", "oneTBB flow graph, lightweight nodes", role::peer, tbb_lightweight},
            {"hop_ns.go", "Go channel", role::peer, of("go_chain", {"stream 1", "stream 2"})},
            {"hop_ns.gstreamer_push", "GStreamer identity, pad push", role::peer,
             of("gstreamer_chain", {"push"})},
            {"hop_ns.gstreamer_queue", "GStreamer identity, a queue before each", role::peer,
             of("gstreamer_chain", {"queue"})},
        });
    s.measure("One message at a time through 8 elements", "nanoseconds an element",
              {
                  {"hop_ns.rtai_single", "rtai channel", role::ours, {rtai_single}},
                  {"hop_ns.asio_channel_single", "Asio experimental::channel", role::peer, {asio_single}},
                  {"hop_ns.tbb_single", "oneTBB flow graph", role::peer, tbb_one},
                  {"hop_ns.go_single", "Go channel", role::peer, of("go_chain", {"single 1", "single 2"})},
              });

    const auto ours = s["hop_ns.rtai_stream"];
    const auto times = [&](std::optional<double> peer) -> std::optional<double> {
        if (!peer || !ours) return std::nullopt;
        return *peer / *ours;
    };
    s.at_least("a streaming hop, cheaper than Asio's channel", times(s["hop_ns.asio_channel"]), 10, " times");
    s.at_least("a streaming hop, cheaper than the best of the other peers",
               times(s.least({"hop_ns.tbb", "hop_ns.tbb_lightweight", "hop_ns.go", "hop_ns.gstreamer_push",
                              "hop_ns.gstreamer_queue"})),
               4, " times");
}

}  // namespace bench
