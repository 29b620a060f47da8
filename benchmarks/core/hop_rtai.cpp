#include <rtai/core/asio_driver.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/join.hpp>
#include <utility>
#include <vector>

#include "../support/sheet.hpp"
#include "hop.hpp"

namespace bench {
namespace {

using rtai::receiver;
using rtai::sender;
using rtai::task;

task<> relay(receiver<frame> in, sender<frame> out) {
    while (auto f = co_await in.receive()) {
        touch(*f);
        if (!co_await out.send(std::move(*f))) co_return;
    }
}

task<> source(sender<frame> out, int messages) {
    for (int i = 0; i < messages; ++i) {
        frame f(static_cast<std::uint64_t>(i));
        if (!co_await out.send(std::move(f))) co_return;
    }
}

task<> sink(receiver<frame> in, int messages) {
    checker check;
    while (auto f = co_await in.receive()) check.take(*f);
    check.all_came(static_cast<std::uint64_t>(messages));
}

task<> there_and_back(sender<frame> out, receiver<frame> in, int messages) {
    checker check;
    for (int i = 0; i < messages; ++i) {
        frame f(static_cast<std::uint64_t>(i));
        if (!co_await out.send(std::move(f))) co_return;
        if (auto back = co_await in.receive()) check.take(*back);
    }
    check.all_came(static_cast<std::uint64_t>(messages));
}

std::pair<sender<frame>, receiver<frame>> chain(std::vector<task<>>& work) {
    rtai::channel<frame> first(capacity);
    receiver<frame> last = first.receiver();
    for (int i = 0; i < elements; ++i) {
        rtai::channel<frame> next(capacity);
        work.push_back(relay(std::move(last), next.sender()));
        last = next.receiver();
    }
    return {first.sender(), std::move(last)};
}

task<> stream(int messages) {
    std::vector<task<>> work;
    auto [in, out] = chain(work);
    work.push_back(source(std::move(in), messages));
    work.push_back(sink(std::move(out), messages));
    co_await rtai::join(std::move(work));
}

task<> single(int messages) {
    std::vector<task<>> work;
    auto [in, out] = chain(work);
    work.push_back(there_and_back(std::move(in), std::move(out), messages));
    co_await rtai::join(std::move(work));
}

}  // namespace

double rtai_stream() {
    constexpr int messages = 1'200'000;
    return per_hop(seconds([] { rtai::run(stream(messages)); }), messages);
}

double rtai_single() {
    constexpr int messages = 500'000;
    return per_hop(seconds([] { rtai::run(single(messages)); }), messages);
}

}  // namespace bench
