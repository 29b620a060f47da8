// Bytes as a header "traceparent": what is read is written as the same, but for what later versions add. And
// as "tracestate": what is kept of it is one.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/observe/trace_context.hpp>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto state = rtai::observe::parse_tracestate(text);
    if (state.size() > 512 || rtai::observe::parse_tracestate(state) != state) std::abort();
    const auto read = rtai::observe::parse_traceparent(text);
    if (!read) return 0;
    const auto written = rtai::observe::to_traceparent(*read);
    if (!*read || written.size() != 55 || written.substr(2, 51) != text.substr(2, 51)) std::abort();
    if (rtai::observe::parse_traceparent(written) != read) std::abort();
    return 0;
}
