// Bytes as messages to the services of every gRPC server: health and reflection.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/rpc/health.hpp>
#include <rtai/rpc/reflection.hpp>
#include <string_view>

using rtai::rpc::detail::asked_health;
using rtai::rpc::detail::reflection;
using rtai::rpc::detail::wire_reader;

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const reflection known({"a.Service"});
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    (void)asked_health(message);
    const auto answer = known.answer(message);
    // Whatever was asked, the answer is a message.
    wire_reader fields(answer);
    std::size_t seen = 0;
    while (fields.next()) ++seen;
    if (!fields.good() || seen == 0) std::abort();
    return 0;
}
