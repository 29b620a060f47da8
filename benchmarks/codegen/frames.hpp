#pragma once

#include <cstdint>
#include <rtai/graph.hpp>
#include <utility>

#include "../core/hop.hpp"

// The chain of benchmarks/core/hop.hpp as elements of a graph.

template <>
struct rtai::stream_traits<bench::frame> {
    using policy = rtai::block;
    static constexpr std::size_t capacity = bench::capacity;
};

namespace bench {

class relay {
public:
    rtai::input<frame> in;
    rtai::output<frame> out;
    RTAI_DESCRIBE(relay, in, out)

    rtai::task<> run() {
        while (auto f = co_await in.receive()) {
            touch(*f);
            if (!co_await out.send(std::move(*f))) co_return;
        }
    }
};
RTAI_ELEMENT(bench::relay, "Touches a frame and hands it on.");

class source {
public:
    struct options {
        int messages = 0;
        RTAI_DESCRIBE(options, messages)
    };
    explicit source(options o) : messages_(o.messages) {}

    rtai::output<frame> out;
    RTAI_DESCRIBE(source, out)

    rtai::task<> run() {
        for (int i = 0; i < messages_; ++i) {
            frame f(static_cast<std::uint64_t>(i));
            if (!co_await out.send(std::move(f))) co_return;
        }
    }

private:
    int messages_;
};
RTAI_ELEMENT(bench::source, "Makes frames.");

class sink {
public:
    struct options {
        int messages = 0;
        RTAI_DESCRIBE(options, messages)
    };
    explicit sink(options o) : messages_(o.messages) {}

    rtai::input<frame> in;
    RTAI_DESCRIBE(sink, in)

    rtai::task<> run() {
        checker check;
        while (auto f = co_await in.receive()) check.take(*f);
        check.all_came(static_cast<std::uint64_t>(messages_));
    }

private:
    int messages_;
};
RTAI_ELEMENT(bench::sink, "Takes frames.");

}  // namespace bench
