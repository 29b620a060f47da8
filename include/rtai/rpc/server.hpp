#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <rtai/core/runtime.hpp>
#include <rtai/rpc/call.hpp>
#include <rtai/rpc/detail/shapes.hpp>
#include <rtai/rpc/detail/station.hpp>
#include <rtai/rpc/detail/tally.hpp>
#include <rtai/rpc/health.hpp>
#include <rtai/rpc/options.hpp>
#include <rtai/rpc/queue_driver.hpp>
#include <rtai/rpc/reflection.hpp>
#include <rtai/rpc/status.hpp>
#include <rtai/rpc/stream.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::rpc {

struct server_options {
    std::string address = "0.0.0.0";
    std::uint16_t port = 50051;
    unsigned shards = 0;
    server_tls tls;
    byte_size max_message{4 << 20};
    bool gzip = false;
    rpc::keepalive keepalive;
    unsigned max_streams = 1000;
    std::chrono::milliseconds finish_limit{5000};
    std::chrono::milliseconds linger{200};
    bool health = true;
    bool reflection = true;

    RTAI_DESCRIBE(server_options, address, port, shards, tls, max_message, gzip, keepalive, max_streams,
                  finish_limit, linger, health, reflection)
    static void notes(rtai::notes<server_options>& about) {
        using o = server_options;
        about(&o::address, "where it listens: 0.0.0.0 is everywhere, 127.0.0.1 this machine only");
        about(&o::port, "0: any that is free");
        about(&o::shards, "threads that serve; 0: one for each processor");
        about(&o::tls, "certificates; without them nothing is encrypted");
        about(&o::max_message, "the largest message, both ways");
        about(&o::gzip, "compress what is sent to those who understand it");
        about(&o::keepalive, "when connections are looked after");
        about(&o::max_streams, "calls at a time on one connection", at_least(1));
        about(&o::finish_limit, "how long a caller that does not read may hold up the end of its call",
              at_least(1));
        about(&o::linger, "when the server ends, how long a connection stays after its last call");
        about(&o::health, "answer grpc.health.v1, without a check at the door");
        about(&o::reflection, "tell callers which services and messages there are");
    }

    /// Asked before a call starts; whatever is not `OK` is the answer. On any shard, so it must be safe for
    /// that; what it leaves in `call::identity` is there for the handler and for as long as the call lives.
    std::function<grpc::Status(call&)> admit;
    /// Told of the end of each call that was admitted.
    std::function<void(const call&)> ended;
    /// Told what a handler threw. The caller hears only that the service failed.
    std::function<void(const call&, std::exception_ptr)> on_failure = [](const call& c,
                                                                         const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            std::fprintf(stderr, "rtai: %s failed: %s\n", c.method().c_str(), e.what());
        } catch (...) {
            std::fprintf(stderr, "rtai: %s failed\n", c.method().c_str());
        }
    };
};

namespace detail {

/// "Say", of the type `Echo::WithAsyncMethod_Say<...>` that generated code makes.
template <class Asked>
constexpr std::string_view method_name() noexcept {
    constexpr std::string_view mark = "WithAsyncMethod_";
    std::string_view text = __PRETTY_FUNCTION__;
    const auto at = text.find(mark);
    if (at == std::string_view::npos) return {};
    text.remove_prefix(at + mark.size());
    return text.substr(0, text.find('<'));
}

}  // namespace detail

/// A server whose calls are coroutines, each on the thread of the completion queue it came from.
///
///     rpc::server server(options);
///     server.add<Echo>().on(&Echo::AsyncService::RequestSay, say).on(...);
///     if (auto up = server.start(); !up) ...
///     ...
///     server.stop(5s);
class server {
public:
    explicit server(server_options o) : options_(std::move(o)), shards_(make_shards()) {
        rules_.admit = options_.admit;
        rules_.ended = options_.ended;
        rules_.on_failure = options_.on_failure;
        rules_.finish_limit = options_.finish_limit;
        rules_.gzip = options_.gzip;
        plain_rules_.finish_limit = options_.finish_limit;
        plain_rules_.to_the_end = true;
        for (auto* q : queues_) stations_.push_back(std::make_unique<detail::station>(*q, living_));
    }
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server() { stop(duration::zero()); }

    /// A service and what handles its methods. The coroutine of a handler is, by the shape of the method,
    ///
    ///     task<result<Out>> say(rpc::call& c, In in);
    ///     task<result<>>    spell(rpc::call& c, In in, rpc::writer<Out>& out);
    ///     task<result<Out>> gather(rpc::call& c, rpc::reader<In>& in);
    ///     task<result<>>    talk(rpc::call& c, rpc::stream<In, Out>& s);
    ///
    /// Each shard has its own copy of the handler, so that it need not be safe between threads.
    template <class Service>
    class registration {
    public:
        template <class Asked, class In, class Out>
        registration& on(void (Asked::*m)(grpc::ServerContext*, In*, grpc::ServerAsyncResponseWriter<Out>*,
                                          grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
                         const typename detail::unary_shape<In, Out>::handler& h) {
            return place<detail::unary_shape<In, Out>, Asked>(m, h);
        }
        template <class Asked, class In, class Out>
        registration& on(void (Asked::*m)(grpc::ServerContext*, In*, grpc::ServerAsyncWriter<Out>*,
                                          grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
                         const typename detail::scatter_shape<In, Out>::handler& h) {
            return place<detail::scatter_shape<In, Out>, Asked>(m, h);
        }
        template <class Asked, class In, class Out>
        registration& on(void (Asked::*m)(grpc::ServerContext*, grpc::ServerAsyncReader<Out, In>*,
                                          grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
                         const typename detail::gather_shape<In, Out>::handler& h) {
            return place<detail::gather_shape<In, Out>, Asked>(m, h);
        }
        template <class Asked, class In, class Out>
        registration& on(void (Asked::*m)(grpc::ServerContext*, grpc::ServerAsyncReaderWriter<Out, In>*,
                                          grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
                         const typename detail::talk_shape<In, Out>::handler& h) {
            return place<detail::talk_shape<In, Out>, Asked>(m, h);
        }

    private:
        friend server;
        registration(server& s, Service& service, std::string name)
            : server_(&s), service_(&service), name_(std::move(name)) {}

        template <class Shape, class Asked, class Method>
        registration& place(Method method, const typename Shape::handler& handler) {
            server_->expect_not_started();
            const std::string name(detail::method_name<Asked>());
            if (!server_->handled_.insert("/" + name_ + "/" + name).second)
                throw std::logic_error(name_ + "." + name + " has two handlers: leave one out");
            server_->place<Shape, Asked>(*service_, method, "/" + name_ + "/" + name, server_->rules_,
                                         [&](detail::station&) { return handler; });
            return *this;
        }

        server* server_;
        Service* service_;
        std::string name_;
    };

    /// `Service` is the class that the generator made of it. Before `start`.
    template <class Service>
    auto add() {
        expect_not_started();
        using generated = typename Service::AsyncService;
        auto made = std::make_shared<generated>();
        names_.emplace_back(Service::service_full_name());
        registration<generated> r(*this, *made, names_.back());
        own(std::move(made));
        return r;
    }

    /// Whether a service is well, for those who ask: "" is the server as a whole. From any thread. When the
    /// server ends, none is.
    void set_health(const std::string& service, serving state) {
        health_.set(service, state);
        tell_health();
    }

    /// Listens and serves. Throws if a method has no handler: its callers would wait for ever.
    result<> start() {
        expect_not_started();
        expect_complete();
        if (options_.health) add_health();
        if (options_.reflection) add_reflection();
        const std::string where = options_.address + ":" + std::to_string(options_.port);
        auto credentials = detail::credentials_for(options_.tls);
        if (!credentials) return credentials.error();
        configure();
        int bound = 0;
        builder_.AddListeningPort(where, *credentials, &bound);
        grpc_ = builder_.BuildAndStart();
        started_ = true;
        if (!grpc_ || bound == 0) {
            stop(duration::zero());
            return error(std::errc::address_in_use,
                         "gRPC can not listen on " + where +
                             ": is that an address of this machine, and is nobody else listening there?");
        }
        port_ = static_cast<std::uint16_t>(bound);
        for (std::size_t i = 0; i < stations_.size(); ++i)
            shards_->place(i, [&s = *stations_[i]] { return s.serve(); });
        return {};
    }

    /// Where it listens; asked for 0, it is what was free.
    std::uint16_t port() const noexcept { return port_; }

    /// Calls that live now.
    std::size_t calls() const noexcept { return living_.live(); }

    /// The shards that serve: other sessions can live there as well.
    runtime& shards() noexcept { return *shards_; }

    /// Answers new calls with UNAVAILABLE, tells those that live (`call::draining`), waits for them, and
    /// after `patience` cancels those that are left. Waits until all is done: not from a coroutine of its
    /// shards.
    void stop(duration patience) {
        if (!shards_) return;
        const auto until = detail::tally::clock::now() + patience;
        const bool watched = health_.end();
        tell_health();
        // Those who watch send their calls elsewhere before the first is refused.
        if (watched && patience > duration::zero())
            living_.pause(std::min<duration>(options_.linger, patience));
        for (std::size_t i = 0; i < stations_.size(); ++i)
            shards_->at(i).post([&s = *stations_[i]] { s.draining.set(); });
        if (grpc_) {
            // gRPC closes a connection with its last call. What the client has sent by then and nobody has
            // read makes the kernel throw away what is not out yet, the end of that call: so it waits a bit.
            const bool over = living_.wait_for_none(until, options_.linger);
            const auto limit = over ? options_.linger : std::chrono::milliseconds(0);
            grpc_->Shutdown(std::chrono::system_clock::now() + limit);
        }
        for (std::size_t i = 0; i < stations_.size(); ++i)
            shards_->at(i).post([&s = *stations_[i]] { s.closed.set(); });
        shards_->stop(options_.finish_limit);
        // The queues give back what is left and end with their shards, and before the server.
        shards_.reset();
        grpc_.reset();
    }

    /// Ends the patience of `stop`. From any thread.
    void hurry() noexcept { living_.hurry(); }

private:
    std::unique_ptr<runtime> make_shards() {
        runtime::options o;
        o.shards = options_.shards;
        o.make_driver = [this] {
            auto queue = builder_.AddCompletionQueue();
            queues_.push_back(queue.get());
            return std::make_unique<queue_driver>(std::move(queue));
        };
        return std::make_unique<runtime>(std::move(o));
    }

    template <class Service>
    void own(std::shared_ptr<Service> service) {
        builder_.RegisterService(service.get());
        services_.push_back(std::move(service));
    }

    /// `handler_for` makes the handler of each shard.
    template <class Shape, class Service, class Method, class F>
    void place(Service& service, Method method, const std::string& path, const detail::rules& rules,
               F handler_for) {
        using place = typename detail::accepted<Shape, Service>::place;
        for (auto& s : stations_)
            s->endpoints.push_back(std::make_unique<place>(service, method, handler_for(*s), path, rules));
    }

    /// A balancer has no key, so nobody is kept from asking.
    void add_health() {
        using bytes = grpc::ByteBuffer;
        using service = detail::health_service;
        auto made = std::make_shared<service>();
        const std::string path = std::string("/") + service::name;
        place<detail::unary_shape<bytes, bytes>>(*made, &service::check, path + "/Check", plain_rules_,
                                                 [this](auto&) { return detail::check_health(health_); });
        place<detail::scatter_shape<bytes, bytes>>(
            *made, &service::watch, path + "/Watch", plain_rules_,
            [this](detail::station& s) { return detail::watch_health(health_, s.health_changed); });
        health_.set("", serving::yes);
        for (const auto& name : names_) health_.set(name, serving::yes);
        own(std::move(made));
        if (options_.reflection) names_.emplace_back(service::name);
    }

    void add_reflection() {
        using bytes = grpc::ByteBuffer;
        using service = detail::reflection_service;
        for (const auto* name : service::names) names_.emplace_back(name);
        for (const auto* path : service::paths) {
            auto made = std::make_shared<service>(path);
            place<detail::talk_shape<bytes, bytes>>(*made, &service::info, path, rules_,
                                                    [this](auto&) { return detail::reflection(names_); });
            own(std::move(made));
        }
    }

    void tell_health() {
        if (!shards_) return;
        for (std::size_t i = 0; i < stations_.size(); ++i)
            shards_->at(i).post([&s = *stations_[i]] { s.health_changed.set(); });
    }

    void configure() {
        const int most = detail::message_limit(options_.max_message);
        builder_.SetMaxReceiveMessageSize(most);
        builder_.SetMaxSendMessageSize(most);
        // Two servers on one port would each get half of the calls, and nobody would know why.
        builder_.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
        builder_.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(options_.max_streams));
        const auto& k = options_.keepalive;
        builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(k.every.count()));
        builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(k.answer_within.count()));
        builder_.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
        builder_.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                                    static_cast<int>(k.least.count()));
    }

    void expect_not_started() const {
        if (started_)
            throw std::logic_error("an rpc::server is set up before it is started, and started once");
    }

    void expect_complete() const {
        const auto* known = google::protobuf::DescriptorPool::generated_pool();
        for (const auto& name : names_) {
            const auto* service = known->FindServiceByName(name);
            for (int i = 0; service != nullptr && i < service->method_count(); ++i)
                if (const auto& method = service->method(i)->name();
                    !handled_.contains("/" + name + "/" + method))
                    throw std::logic_error(name + "." + method +
                                           " has no handler, and its callers would wait for ever: give it "
                                           "one with on(&...::RequestMETHOD, ...)");
        }
    }

    server_options options_;
    grpc::ServerBuilder builder_;
    std::vector<grpc::ServerCompletionQueue*> queues_;
    detail::rules rules_;
    detail::rules plain_rules_;
    detail::health_book health_;
    detail::tally living_;
    std::vector<std::shared_ptr<void>> services_;
    std::vector<std::string> names_;
    std::set<std::string> handled_;
    std::vector<std::unique_ptr<detail::station>> stations_;
    std::unique_ptr<grpc::Server> grpc_;
    std::unique_ptr<runtime> shards_;
    std::uint16_t port_ = 0;
    bool started_ = false;
};

}  // namespace rtai::rpc
