#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <rtai/core/event.hpp>
#include <rtai/core/runtime.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/task.hpp>
#include <rtai/observe/options.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::service {

/// What the services of one process share: the shards for their sessions, and the wish to end.
class host {
public:
    /// `runs` says whether a service belongs to this process.
    host(scope& s, unsigned shards, std::function<bool(std::string_view)> runs)
        : services_(&s), shards_(shards), runs_(std::move(runs)) {}
    host(const host&) = delete;
    host& operator=(const host&) = delete;

    /// Runs a service until it ends, or until the program stops; one of another process is dropped.
    void start(std::string_view name, task<> service) {
        if (runs_(name)) services_->spawn(std::move(service));
    }

    /// Shards on threads of their own, made when the first service asks for them.
    runtime& sessions() {
        if (!sessions_) sessions_ = std::make_unique<runtime>(shards_);
        return *sessions_;
    }

    /// What the program tells of itself.
    const observe::observe_options& observed() const noexcept { return observed_; }
    void observe_with(observe::observe_options o) { observed_ = std::move(o); }

    /// Is set when the program is asked to end: a service takes no new sessions from then on.
    event& stopping() noexcept { return stopping_; }

    /// How long sessions may go on after that.
    duration patience() const noexcept { return patience_; }

    /// Asks services and sessions to end.
    void ask_to_stop(duration patience) {
        patience_ = patience;
        stopping_.set();
        if (sessions_) sessions_->ask_to_stop(patience);
    }

    /// Gives the sessions `patience` to end by themselves; returns how many had to be cancelled.
    std::size_t finish(duration patience) { return sessions_ ? sessions_->stop(patience) : 0; }

    /// One line for the person who started the program.
    void say(std::string_view service, const std::string& line) const {
        std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(service.size()), service.data(), line.c_str());
    }

private:
    scope* services_;
    unsigned shards_;
    std::function<bool(std::string_view)> runs_;
    std::unique_ptr<runtime> sessions_;
    observe::observe_options observed_;
    duration patience_{};
    event stopping_;
};

}  // namespace rtai::service
