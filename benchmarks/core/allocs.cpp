#include <rtai/core/asio_driver.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/join.hpp>

#include "../support/allocations.hpp"
#include "hop.hpp"
#include "questions.hpp"

namespace bench {
namespace {

using rtai::task;

constexpr int messages = 10'000;

task<> relay(rtai::receiver<frame> in, rtai::sender<frame> out) {
    while (auto f = co_await in.receive()) {
        touch(*f);
        if (!co_await out.send(std::move(*f))) co_return;
    }
}

task<> pass(const rtai::sender<frame>& out, const rtai::receiver<frame>& in, int count) {
    int received = 0;
    for (int sent = 0; sent < count; ++sent) {
        frame f(static_cast<std::uint64_t>(sent));
        if (!co_await out.send(std::move(f))) co_return;
        while (auto back = in.try_receive()) ++received;
    }
    for (; received < count; ++received) (void)co_await in.receive();
}

/// After a warm-up that fills the pools.
task<> count_while_passing(rtai::sender<frame> out, rtai::receiver<frame> in, double& per_message) {
    co_await pass(out, in, messages);
    const allocation_count count;
    co_await pass(out, in, messages);
    per_message = static_cast<double>(count.calls()) / messages;
}

double rtai_chain() {
    double per_message = 0;
    rtai::channel<frame> first(capacity), second(capacity), third(capacity);
    rtai::run([](auto& a, auto& b, auto& c, double& result) -> task<> {
        co_await rtai::join(relay(a.receiver(), b.sender()), relay(b.receiver(), c.sender()),
                            count_while_passing(a.sender(), c.receiver(), result));
    }(first, second, third, per_message));
    return per_message;
}

}  // namespace

/// How often is the heap asked for memory while messages flow? Each one has 640 bytes, and goes through
/// two elements and three channels.
void allocs(sheet& s) {
    s.measure("Heap allocations in steady state", "for each message",
              {{"allocs_per_message", "rtai channel", role::ours, {rtai_chain}}});
    s.at_most("heap allocations for a message", s["allocs_per_message"], 0, "");
}

}  // namespace bench
