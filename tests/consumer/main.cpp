// Enough of rtai to see that its headers, definitions and flags arrived.
#include <chrono>
#include <rtai/core.hpp>

rtai::task<int> answer() {
    co_await rtai::sleep_for(std::chrono::milliseconds(1));
    co_return 42;
}

int main() { return rtai::run(answer()) == 42 ? 0 : 1; }
