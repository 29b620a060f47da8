#pragma once

#include <boost/describe/enum.hpp>
#include <optional>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <string>

// What a program tells of itself, as a spec says it.

namespace rtai::observe {

enum class log_level { debug, info, warning, error };
BOOST_DESCRIBE_ENUM(log_level, debug, info, warning, error)

struct log_options {
    log_level level = log_level::info;
    bool json = true;
    RTAI_DESCRIBE(log_options, level, json)
};

struct metric_options {
    listen_port port{9090};
    std::string address = "127.0.0.1";
    RTAI_DESCRIBE(metric_options, port, address)
};

struct trace_options {
    std::string otlp;
    double share = 1;
    RTAI_DESCRIBE(trace_options, otlp, share)
    static void notes(rtai::notes<trace_options>& about) {
        about(&trace_options::otlp, "URL of a collector");
        about(&trace_options::share, "of the sessions that are traced, unless their client says",
              range(0, 1));
    }
};

struct observe_options {
    using log_options = observe::log_options;
    using metric_options = observe::metric_options;
    using trace_options = observe::trace_options;

    log_options logs;
    std::optional<metric_options> metrics;
    std::optional<trace_options> traces;
    RTAI_DESCRIBE(observe_options, logs, metrics, traces)
};

}  // namespace rtai::observe
