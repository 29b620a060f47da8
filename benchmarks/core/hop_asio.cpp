#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/channel.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <cstddef>
#include <list>
#include <utility>

#include "../support/sheet.hpp"
#include "hop.hpp"

namespace bench {
namespace {

using asio::awaitable;
using asio::use_awaitable;
using channel = asio::experimental::channel<void(asio::error_code, frame)>;

// As Asio's users write it.

awaitable<void> relay(channel& in, channel& out, int messages) {
    for (int i = 0; i < messages; ++i) {
        frame f = co_await in.async_receive(use_awaitable);
        touch(f);
        co_await out.async_send(asio::error_code(), std::move(f), use_awaitable);
    }
}

awaitable<void> source(channel& out, int messages) {
    for (int i = 0; i < messages; ++i)
        co_await out.async_send(asio::error_code(), frame(static_cast<std::uint64_t>(i)), use_awaitable);
}

awaitable<void> sink(channel& in, int messages) {
    checker check;
    for (int i = 0; i < messages; ++i) check.take(co_await in.async_receive(use_awaitable));
    check.all_came(static_cast<std::uint64_t>(messages));
}

// With a way round the queue of the context while there is room, or something there. What `try_send` does
// not take, it has not moved from: NOLINTBEGIN(bugprone-use-after-move)

awaitable<void> relay_try_first(channel& in, channel& out, int messages) {
    frame f;
    const auto take = [&](asio::error_code, frame got) { f = std::move(got); };
    for (int i = 0; i < messages; ++i) {
        if (!in.try_receive(take)) f = co_await in.async_receive(use_awaitable);
        touch(f);
        if (!out.try_send(asio::error_code(), std::move(f)))
            co_await out.async_send(asio::error_code(), std::move(f), use_awaitable);
    }
}

awaitable<void> source_try_first(channel& out, int messages) {
    for (int i = 0; i < messages; ++i) {
        frame f(static_cast<std::uint64_t>(i));
        if (!out.try_send(asio::error_code(), std::move(f)))
            co_await out.async_send(asio::error_code(), std::move(f), use_awaitable);
    }
}

// NOLINTEND(bugprone-use-after-move)

awaitable<void> sink_try_first(channel& in, int messages) {
    checker check;
    const auto take = [&](asio::error_code, const frame& f) { check.take(f); };
    for (int i = 0; i < messages; ++i)
        if (!in.try_receive(take)) check.take(co_await in.async_receive(use_awaitable));
    check.all_came(static_cast<std::uint64_t>(messages));
}

awaitable<void> there_and_back(channel& out, channel& in, int messages) {
    checker check;
    for (int i = 0; i < messages; ++i) {
        co_await out.async_send(asio::error_code(), frame(static_cast<std::uint64_t>(i)), use_awaitable);
        check.take(co_await in.async_receive(use_awaitable));
    }
    check.all_came(static_cast<std::uint64_t>(messages));
}

template <class Element, class... Ends>
double run(int messages, Element element, Ends... ends) {
    asio::io_context context(1);
    std::list<channel> channels;
    channels.emplace_back(context, capacity);
    for (int i = 0; i < elements; ++i) {
        channel& in = channels.back();
        channel& out = channels.emplace_back(context, capacity);
        asio::co_spawn(context, element(in, out, messages), asio::detached);
    }
    (asio::co_spawn(context, ends(channels.front(), channels.back(), messages), asio::detached), ...);
    return per_hop(seconds([&] { context.run(); }), messages);
}

}  // namespace

double asio_stream() {
    return run(
        30'000, relay, [](channel& in, channel&, int n) { return source(in, n); },
        [](channel&, channel& out, int n) { return sink(out, n); });
}

double asio_stream_try_first() {
    return run(
        400'000, relay_try_first, [](channel& in, channel&, int n) { return source_try_first(in, n); },
        [](channel&, channel& out, int n) { return sink_try_first(out, n); });
}

double asio_single() { return run(30'000, relay, there_and_back); }

}  // namespace bench
