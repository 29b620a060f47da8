// Bytes as a JSON Web Key Set: each key that comes out is of an algorithm that is known, and can be used.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/auth/jwks.hpp>
#include <string_view>

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = rtai::auth::read_jwks(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!read) return read.error().text.empty() ? (std::abort(), 0) : 0;
    for (const auto& k : *read)
        if (rtai::name_of(k.algorithm()).empty() || k.verify("a text", "no signature of it")) std::abort();
    return 0;
}
