#pragma once

// What a program tells of itself: log lines, metrics, traces. Each header also stands alone; only otlp.hpp
// and traced_http.hpp need curl.

#include <rtai/observe/dependencies.hpp>
#include <rtai/observe/field.hpp>
#include <rtai/observe/log.hpp>
#include <rtai/observe/log_writer.hpp>
#include <rtai/observe/metric.hpp>
#include <rtai/observe/metrics.hpp>
#include <rtai/observe/options.hpp>
#include <rtai/observe/otlp.hpp>
#include <rtai/observe/process_metrics.hpp>
#include <rtai/observe/service_metrics.hpp>
#include <rtai/observe/session_trace.hpp>
#include <rtai/observe/trace.hpp>
#include <rtai/observe/trace_context.hpp>
#include <rtai/observe/trace_place.hpp>
#include <rtai/observe/traced_http.hpp>
#include <rtai/observe/turn_times.hpp>
#include <rtai/observe/turn_trace.hpp>
