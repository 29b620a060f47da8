#include <chain.hpp>
#include <rtai/core/asio_driver.hpp>

#include "../core/hop.hpp"
#include "questions.hpp"

namespace bench {
namespace {

constexpr int messages = 1'200'000;

double generated() {
    chain::stream::options o;
    o.source.messages = messages;
    o.sink.messages = messages;
    chain::stream graph{o};
    return per_hop(seconds([&] { rtai::run(graph.run()); }), messages);
}

}  // namespace

/// What does a generated graph cost that one written by hand on channels does not?
void hop(sheet& s) {
    s.measure("Streaming through 8 elements", "nanoseconds an element",
              {{"hop_ns.generated", "generated from chain.yaml", role::ours, {generated}},
               {"hop_ns.handwritten", "by hand on the core", role::bound, {rtai_stream}}});
    const auto ours = s["hop_ns.generated"], hand = s["hop_ns.handwritten"];
    s.at_most("a generated hop, of one by hand", ours && hand ? std::optional(*ours / *hand) : std::nullopt,
              1.05, " times");
}

}  // namespace bench
