// Bytes as JSON, and as a described type in it: what is read and written is read again as the same.

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <rtai/data/json.hpp>
#include <string>
#include <vector>

namespace {

enum class size { small, large };
BOOST_DESCRIBE_ENUM(size, small, large)

struct part {
    std::string a;
    std::optional<std::int64_t> b;
    RTAI_DESCRIBE(part, a, b)
};

struct whole {
    std::string a;
    std::uint8_t b = 1;
    std::uint64_t c = 1;
    double d = 0.5;
    bool e = true;
    size f = size::small;
    std::chrono::milliseconds g{250};
    std::vector<part> h;
    std::map<std::string, int> i;
    rtai::byte_size j;
    RTAI_DESCRIBE(whole, a, b, c, d, e, f, g, h, i, j)
};

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto v = rtai::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!v) return v.error().text.empty() ? (std::abort(), 0) : 0;
    const auto read = rtai::from_json<whole>(*v);
    if (!read) return 0;
    const auto text = rtai::json::serialize(rtai::to_json(*read));
    auto again = rtai::read_json<whole>(text);
    // Boost.JSON 1.81 may miss the last digit of a number when it reads it.
    if (again && std::abs(again->d - read->d) <= 1e-14 * std::abs(read->d)) again->d = read->d;
    if (!again || rtai::json::serialize(rtai::to_json(*again)) != text) std::abort();
    return 0;
}
