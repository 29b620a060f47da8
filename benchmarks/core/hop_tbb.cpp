#include <tbb/flow_graph.h>
#include <tbb/global_control.h>

#include <memory>
#include <rtai/core/detail/blocks.hpp>
#include <utility>
#include <vector>

#include "../support/sheet.hpp"
#include "hop.hpp"

namespace bench {
namespace {
namespace flow = tbb::flow;

// A flow graph copies what it hands on, so the cheapest thing to hand on is a pointer to a pooled message.
struct pooled_frame : frame {
    using frame::frame;
    static void* operator new(std::size_t bytes) { return rtai::detail::allocate_block(bytes); }
    static void operator delete(void* memory, std::size_t bytes) noexcept {
        rtai::detail::free_block_of(memory, bytes);
    }
};
using message = pooled_frame*;

template <class Policy>
class chain {
public:
    using node = flow::function_node<message, message, Policy>;

    chain() {
        for (int i = 0; i < elements; ++i) {
            nodes_.push_back(std::make_unique<node>(graph_, flow::serial, [](message f) noexcept {
                touch(*f);
                return f;
            }));
            if (i > 0) flow::make_edge(*nodes_[nodes_.size() - 2], *nodes_.back());
        }
    }

    flow::graph& graph() { return graph_; }
    node& first() { return *nodes_.front(); }
    node& last() { return *nodes_.back(); }

private:
    flow::graph graph_;
    std::vector<std::unique_ptr<node>> nodes_;
};

/// With at most 64 messages under way, the way its manual tells: input, limiter, chain, and back to the
/// limiter.
template <class Policy>
double stream(int threads, int messages) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads));
    chain<Policy> c;
    int made = 0;
    checker check;
    flow::input_node<message> source(c.graph(), [&](tbb::flow_control& control) -> message {
        if (made == messages) return control.stop(), nullptr;
        return new pooled_frame(static_cast<std::uint64_t>(made++));
    });
    flow::limiter_node<message> limiter(c.graph(), capacity);
    flow::function_node<message, flow::continue_msg, Policy> sink(
        c.graph(), flow::serial, [&](message f) noexcept {
            check.take(*std::unique_ptr<pooled_frame>(f));
            return flow::continue_msg();
        });
    flow::make_edge(source, limiter);
    flow::make_edge(limiter, c.first());
    flow::make_edge(c.last(), sink);
    flow::make_edge(sink, limiter.decrementer());
    const double took = seconds([&] {
        source.activate();
        c.graph().wait_for_all();
    });
    check.all_came(static_cast<std::uint64_t>(messages), false);  // A flow graph may swap messages.
    return per_hop(took, messages);
}

}  // namespace

double tbb_stream(int threads) { return stream<flow::queueing>(threads, 150'000); }
double tbb_stream_lightweight() { return stream<flow::queueing_lightweight>(1, 150'000); }

double tbb_single() {
    constexpr int messages = 150'000;
    chain<flow::queueing> c;
    checker check;
    flow::function_node<message> sink(c.graph(), flow::serial, [&](message f) noexcept {
        check.take(*std::unique_ptr<pooled_frame>(f));
        return flow::continue_msg();
    });
    flow::make_edge(c.last(), sink);
    return per_hop(seconds([&] {
                       for (int i = 0; i < messages; ++i) {
                           c.first().try_put(new pooled_frame(static_cast<std::uint64_t>(i)));
                           c.graph().wait_for_all();
                       }
                   }),
                   messages);
}

}  // namespace bench
