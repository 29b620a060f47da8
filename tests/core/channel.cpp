#include <rtai/core/channel.hpp>
#include <rtai/core/join.hpp>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;
using test::counted;

namespace {

task<> send_numbers(sender<counted> out, int count) {
    for (int i = 0; i < count; ++i)
        if (!co_await out.send(counted(i))) co_return;
}

task<std::vector<int>> receive_all(receiver<counted> in) {
    std::vector<int> values;
    while (auto value = co_await in.receive()) values.push_back(value->value);
    co_return values;
}

std::vector<int> numbers(int count) {
    std::vector<int> values;
    for (int i = 0; i < count; ++i) values.push_back(i);
    return values;
}

}  // namespace

CO_TEST("what was sent is received, in order, and then the stream ends", "[channel]") {
    channel<counted> c(4);
    auto [nothing, received] = co_await join(send_numbers(c.sender(), 50), receive_all(c.receiver()));
    REQUIRE(received == numbers(50));
    REQUIRE(c.stats().high_water == 4);
}
