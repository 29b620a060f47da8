#pragma once

#include <initializer_list>
#include <rtai/observe/field.hpp>
#include <rtai/observe/log_writer.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace rtai::observe {

/// Tells what happens in one part of a program, or in one session of it:
///
///     log.info("session_created", {{"client_type", "webrtc"}, {"waited_ms", 12}});
///
/// Copies tell the same; one made of nothing tells nothing. The writer must live longer.
class logger {
public:
    using fields = std::initializer_list<field>;

    logger() = default;
    logger(log_writer& to, std::string component, std::string session_id = {})
        : to_(&to), component_(std::move(component)), session_id_(std::move(session_id)) {}

    logger of(std::string component) const { return {to_, std::move(component), session_id_, trace_id_}; }
    logger in_session(std::string id) const { return {to_, component_, std::move(id), trace_id_}; }
    /// The lines name the trace that they are part of; none, if it is empty.
    logger in_trace(std::string id) const { return {to_, component_, session_id_, std::move(id)}; }

    /// Whether it is worth making a line of that level.
    bool says(log_level l) const noexcept { return to_ != nullptr && to_->takes(l); }

    void debug(std::string_view event, fields metadata = {}, std::string_view message = {}) const {
        say(log_level::debug, event, metadata, message);
    }
    void info(std::string_view event, fields metadata = {}, std::string_view message = {}) const {
        say(log_level::info, event, metadata, message);
    }
    void warning(std::string_view event, fields metadata = {}, std::string_view message = {}) const {
        say(log_level::warning, event, metadata, message);
    }
    void error(std::string_view event, fields metadata = {}, std::string_view message = {}) const {
        say(log_level::error, event, metadata, message);
    }
    void say(log_level level, std::string_view event, fields metadata, std::string_view message) const {
        if (says(level))
            to_->write(level, component_, session_id_, event, {metadata.begin(), metadata.size()}, message,
                       trace_id_);
    }

private:
    logger(log_writer* to, std::string component, std::string session_id, std::string trace_id)
        : to_(to),
          component_(std::move(component)),
          session_id_(std::move(session_id)),
          trace_id_(std::move(trace_id)) {}

    log_writer* to_ = nullptr;
    std::string component_;
    std::string session_id_;
    std::string trace_id_;
};

}  // namespace rtai::observe
