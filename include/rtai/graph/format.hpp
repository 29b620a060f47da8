#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <rtai/data/audio.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// What a port says about the audio it takes or gives, as template arguments of `input` and `output`.
// What it does not say, it does not mind. The plan of rates is made from this.

namespace rtai {

/// `input<audio, rates<16000, 8000>>`
template <std::uint32_t... Rates>
struct rates {};

/// `channels<1>`
template <std::uint8_t... Channels>
struct channels {};

/// `encodings<encoding::s16>`
template <encoding... Encodings>
struct encodings {};

/// Of an output: it gives audio as the element's inputs take it, and all those have one format.
struct as_received {};

/// Of an output: its element makes the audio and can wait, so nothing need be dropped behind it.
struct can_wait {};

/// Of an input: it may stay without a wire.
struct if_wired {};

/// Of a port: it takes any number of wires, and each is a channel of its own.
struct many {};

/// The rates that audio is planned with.
inline constexpr std::uint32_t planned_rates[] = {8'000,  12'000, 16'000, 22'050,
                                                  24'000, 32'000, 44'100, 48'000};

/// What a port says, as data. An empty list means anything.
struct port_format {
    std::vector<std::uint32_t> rates;
    std::vector<std::uint8_t> channels;
    std::vector<encoding> encodings;
};

namespace detail {

template <class Trait>
struct format_trait {
    static void add(port_format&) {}
};
template <std::uint32_t... R>
struct format_trait<rates<R...>> {
    static void add(port_format& f) { f.rates = {R...}; }
};
template <std::uint8_t... C>
struct format_trait<channels<C...>> {
    static void add(port_format& f) { f.channels = {C...}; }
};
template <encoding... E>
struct format_trait<encodings<E...>> {
    static void add(port_format& f) { f.encodings = {E...}; }
};

}  // namespace detail

template <class... Traits>
port_format format_of() {
    port_format f;
    (detail::format_trait<Traits>::add(f), ...);
    return f;
}

}  // namespace rtai
