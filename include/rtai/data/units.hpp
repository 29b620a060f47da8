#pragma once

#include <charconv>
#include <chrono>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>

// Numbers with units as people write them in a spec: 120ms, 1.5s, 64 KiB, 16kHz.

namespace rtai {

/// A size in bytes: "512", "64KiB", "10MB".
struct byte_size {
    constexpr byte_size() noexcept = default;
    constexpr explicit byte_size(std::uint64_t b) noexcept : bytes(b) {}
    constexpr auto operator<=>(const byte_size&) const noexcept = default;
    std::uint64_t bytes = 0;
};

/// So many a second: "16kHz", "50Hz", "0.5Hz".
struct hertz {
    constexpr hertz() noexcept = default;
    constexpr explicit hertz(double v) noexcept : value(v) {}
    constexpr auto operator<=>(const hertz&) const noexcept = default;
    double value = 0;
};

struct unit {
    std::string_view name;
    double factor;
};

// Bases: the nanosecond, the byte, the hertz. The larger unit comes first.
inline constexpr unit duration_units[] = {{"h", 3.6e12}, {"min", 6e10}, {"s", 1e9},
                                          {"ms", 1e6},   {"us", 1e3},   {"ns", 1}};
inline constexpr unit size_units[] = {{"GiB", 1073741824.0}, {"MiB", 1048576.0}, {"KiB", 1024.0}, {"GB", 1e9},
                                      {"MB", 1e6},           {"KB", 1e3},        {"kB", 1e3},     {"B", 1}};
inline constexpr unit rate_units[] = {{"MHz", 1e6}, {"kHz", 1e3}, {"Hz", 1}};

namespace detail {

/// For std::from_chars, which knows no plus: "+5" is five, "+-5" is nothing.
constexpr std::string_view without_plus(std::string_view text) noexcept {
    if (!text.starts_with('+')) return text;
    return text.starts_with("+-") ? std::string_view() : text.substr(1);
}

/// The number `text` begins with; takes it away.
template <class Number>
std::optional<Number> take_number(std::string_view& text) noexcept {
    const auto figures = without_plus(text);
    Number value{};
    const auto [end, failed] = std::from_chars(figures.data(), figures.data() + figures.size(), value);
    if (failed != std::errc()) return std::nullopt;
    if constexpr (std::is_floating_point_v<Number>)
        if (!std::isfinite(value)) return std::nullopt;
    text = figures.substr(static_cast<std::size_t>(end - figures.data()));
    return value;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) noexcept {
    const auto value = take_number<Number>(text);
    return text.empty() ? value : std::nullopt;
}

/// The factor of the unit that `name` is; nothing if it is none. No unit at all is the base unit if `bare`.
template <std::size_t N>
std::optional<double> factor_of(std::string_view name, const unit (&units)[N], bool bare) noexcept {
    if (name.empty()) return bare ? std::optional(1.0) : std::nullopt;
    while (name.starts_with(' ')) name.remove_prefix(1);
    for (const auto& u : units)
        if (u.name == name) return u.factor;
    return std::nullopt;
}

}  // namespace detail

/// Nothing if `text` is not wholly a number.
inline std::optional<double> parse_number(std::string_view text) noexcept {
    return detail::whole_number<double>(text);
}

inline std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
    return detail::whole_number<std::int64_t>(text);
}

/// A number and one of `units`, in the base unit; a bare 0 needs no unit, and with `bare` no number does.
template <std::size_t N>
std::optional<double> parse_with_unit(std::string_view text, const unit (&units)[N],
                                      bool bare = false) noexcept {
    const auto number = detail::take_number<double>(text);
    if (!number) return std::nullopt;
    const auto factor = detail::factor_of(text, units, bare || *number == 0);
    if (!factor || !std::isfinite(*number * *factor)) return std::nullopt;
    return *number * *factor;
}

/// Whether a figure in a base unit fits what stores it.
constexpr bool fits_integer(double value) noexcept { return value > -9.2e18 && value < 9.2e18; }

/// The same in whole base units.
template <std::size_t N>
std::optional<std::int64_t> parse_whole_units(std::string_view text, const unit (&units)[N],
                                              bool bare = false) noexcept {
    // A whole number stays one: a double would round what is beyond 2^53.
    auto name = text;
    if (const auto number = detail::take_number<std::int64_t>(name))
        if (const auto factor = detail::factor_of(name, units, bare || *number == 0)) {
            std::int64_t product = 0;
            if (__builtin_mul_overflow(*number, static_cast<std::int64_t>(*factor), &product))
                return std::nullopt;
            return product;
        }
    const auto value = parse_with_unit(text, units, bare);
    if (!value || !fits_integer(*value)) return std::nullopt;
    return std::llround(*value);
}

inline std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) noexcept {
    const auto value = parse_whole_units(text, duration_units);
    if (!value) return std::nullopt;
    return std::chrono::nanoseconds(*value);
}

inline std::optional<byte_size> parse_size(std::string_view text) noexcept {
    const auto value = parse_whole_units(text, size_units, true);
    if (!value || *value < 0) return std::nullopt;
    return byte_size(static_cast<std::uint64_t>(*value));
}

inline std::optional<hertz> parse_rate(std::string_view text) noexcept {
    const auto value = parse_with_unit(text, rate_units, true);
    if (!value || *value < 0) return std::nullopt;
    return hertz(*value);
}

/// Without needless zeros: "0.5", "3", "1e+20".
inline std::string to_text(double value) {
    char room[32];
    const auto [end, failed] = std::to_chars(room, room + sizeof room, value);
    return failed == std::errc() ? std::string(room, end) : std::string("?");
}

/// In the largest unit that leaves no fraction: "120ms", "1500B".
template <std::size_t N>
std::string with_unit(std::uint64_t value, const unit (&units)[N]) {
    for (const auto& u : units) {
        const auto factor = static_cast<std::uint64_t>(u.factor);
        if (value != 0 && value % factor == 0) return std::to_string(value / factor) + std::string(u.name);
    }
    return "0" + std::string(units[N - 1].name);
}

inline std::string to_text(std::chrono::nanoseconds t) {
    if (t.count() == 0) return "0s";
    const auto count = static_cast<std::uint64_t>(t.count());
    return t.count() < 0 ? "-" + with_unit(0 - count, duration_units) : with_unit(count, duration_units);
}
inline std::string to_text(byte_size s) { return with_unit(s.bytes, size_units); }
inline std::string to_text(hertz r) {
    // "44.1kHz" reads better than "44100Hz"; but it must be read as the same number again.
    for (const auto& u : rate_units)
        if (r.value >= u.factor && r.value / u.factor * u.factor == r.value)
            return to_text(r.value / u.factor) + std::string(u.name);
    return to_text(r.value) + "Hz";
}

}  // namespace rtai
