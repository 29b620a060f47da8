#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <rtai/core/detail/fiber.hpp>

namespace {

/// After every test, as many coroutine frames are alive on this thread as before it.
struct frame_balance : Catch::TestEventListenerBase {
    using TestEventListenerBase::TestEventListenerBase;

    void testCaseStarting(const Catch::TestCaseInfo& test) override {
        TestEventListenerBase::testCaseStarting(test);
        before_ = rtai::live_coroutines;
    }

    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        TestEventListenerBase::testCaseEnded(stats);
        if (rtai::live_coroutines == before_) return;
        std::fprintf(stderr, "\"%s\" left %lld coroutines behind\n", stats.testInfo.name.c_str(),
                     static_cast<long long>(rtai::live_coroutines - before_));
        std::exit(EXIT_FAILURE);
    }

private:
    std::int64_t before_ = 0;
};

}  // namespace

CATCH_REGISTER_LISTENER(frame_balance)
