#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <rtai/data/secret.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace rtai::observe {

/// A name and a value of a log line or a span: {"frames", 12}. It refers to texts, and is used up at once.
class field {
public:
    using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    field(std::string_view n, std::string_view v) noexcept : name(n), value(v) {}
    field(std::string_view n, const char* v) noexcept : name(n), value(std::string_view(v)) {}
    field(std::string_view n, const std::string& v) noexcept : name(n), value(std::string_view(v)) {}
    field(std::string_view n, bool v) noexcept : name(n), value(v) {}
    field(std::string_view n, std::signed_integral auto v) noexcept
        : name(n), value(static_cast<std::int64_t>(v)) {}
    field(std::string_view n, std::unsigned_integral auto v) noexcept
        : name(n), value(static_cast<std::uint64_t>(v)) {}
    field(std::string_view n, std::floating_point auto v) noexcept : name(n), value(static_cast<double>(v)) {}
    field(std::string_view n, const secret& v) = delete;  // a secret is told to nobody

    std::string_view name;
    value_type value;
};

namespace detail {

/// As JSON has it; what is no number there is null.
inline void append_number(std::string& out, auto v) {
    if constexpr (std::is_floating_point_v<decltype(v)>)
        if (!std::isfinite(v)) {
            out += "null";
            return;
        }
    char room[32];
    out.append(room, std::to_chars(room, room + sizeof room, v).ptr);
}

}  // namespace detail
}  // namespace rtai::observe
