#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <rtai/data/units.hpp>
#include <string>

using namespace std::chrono_literals;
using rtai::byte_size;
using rtai::hertz;
using rtai::parse_duration;
using rtai::parse_integer;
using rtai::parse_number;
using rtai::parse_rate;
using rtai::parse_size;
using rtai::to_text;

TEST_CASE("a duration has each of its units", "[units]") {
    REQUIRE(parse_duration("2h") == 2h);
    REQUIRE(parse_duration("3min") == 3min);
    REQUIRE(parse_duration("5s") == 5s);
    REQUIRE(parse_duration("120ms") == 120ms);
    REQUIRE(parse_duration("7us") == 7us);
    REQUIRE(parse_duration("9ns") == 9ns);
}

TEST_CASE("a duration may have a fraction, a sign, an exponent and a space", "[units]") {
    REQUIRE(parse_duration("1.5s") == 1500ms);
    REQUIRE(parse_duration(".5s") == 500ms);
    REQUIRE(parse_duration("-250ms") == -250ms);
    REQUIRE(parse_duration("+250ms") == 250ms);
    REQUIRE(parse_duration("1e3ms") == 1s);
    REQUIRE(parse_duration("10 ms") == 10ms);
    REQUIRE(parse_duration("0.0000000004s") == 0ns);
}

TEST_CASE("a duration without a unit is refused, but for zero", "[units]") {
    REQUIRE_FALSE(parse_duration("5"));
    REQUIRE_FALSE(parse_duration("0.5"));
    REQUIRE(parse_duration("0") == 0ns);
    REQUIRE(parse_duration("0.0") == 0ns);
    REQUIRE(parse_duration("-0") == 0ns);
}

TEST_CASE("garbage is no duration", "[units]") {
    for (const auto* text :
         {"",     " ",       "s",    "ms",   "5m",   "5S",     "5 sec",     "5ms ",  " 5ms",
          "5ms5", "1h30min", "--5s", "+-5s", "-+5s", "1.2.3s", "1,5s",      "0x10s", "infs",
          "nans", "inf",     "nan",  "5\ns", "5s\n", "e5s",    "5\xC2\xB5s"})
        REQUIRE_FALSE(parse_duration(text));
    REQUIRE_FALSE(parse_duration(std::string("5\0s", 3)));
    REQUIRE_FALSE(parse_duration(std::string(100'000, '5')));
}

TEST_CASE("a duration that 64 bits do not hold is refused", "[units]") {
    REQUIRE(parse_duration("9223372036854775807ns") == std::chrono::nanoseconds::max());
    REQUIRE(parse_duration("-9223372036854775808ns") == std::chrono::nanoseconds::min());
    REQUIRE(parse_duration("2562047h") == 2562047h);
    for (const auto* text : {"9223372036854775808ns", "2562048h", "-2562048h", "1e30s", "9.3e18ns", "1e400s"})
        REQUIRE_FALSE(parse_duration(text));
}

TEST_CASE("a whole number of nanoseconds is never rounded", "[units]") {
    REQUIRE(parse_duration("9007199254740993ns") == 9007199254740993ns);
    REQUIRE(to_text(9007199254740993ns) == "9007199254740993ns");
}

TEST_CASE("a duration is written in the largest unit that leaves no fraction", "[units]") {
    REQUIRE(to_text(0ns) == "0s");
    REQUIRE(to_text(std::chrono::nanoseconds(7200s)) == "2h");
    REQUIRE(to_text(std::chrono::nanoseconds(90min)) == "90min");
    REQUIRE(to_text(std::chrono::nanoseconds(100'000s)) == "100000s");
    REQUIRE(to_text(std::chrono::nanoseconds(1500ms)) == "1500ms");
    REQUIRE(to_text(std::chrono::nanoseconds(-20ms)) == "-20ms");
    REQUIRE(to_text(1ns) == "1ns");
}

TEST_CASE("what was written of a duration is read as the same", "[units][property]") {
    std::mt19937_64 random(1);
    for (int i = 0; i < 2000; ++i) {
        const std::chrono::nanoseconds t(static_cast<std::int64_t>(random()) >> (random() % 64));
        REQUIRE(parse_duration(to_text(t)) == t);
        const std::chrono::nanoseconds round(t.count() / 1'000'000 * 1'000'000);
        REQUIRE(parse_duration(to_text(round)) == round);
    }
    for (const auto t : {std::chrono::nanoseconds::max(), std::chrono::nanoseconds::min()})
        REQUIRE(parse_duration(to_text(t)) == t);
}

TEST_CASE("a size has each of its units, and is in bytes without", "[units]") {
    REQUIRE(parse_size("512") == byte_size(512));
    REQUIRE(parse_size("512B") == byte_size(512));
    REQUIRE(parse_size("1kB") == byte_size(1000));
    REQUIRE(parse_size("1KB") == byte_size(1000));
    REQUIRE(parse_size("10MB") == byte_size(10'000'000));
    REQUIRE(parse_size("2GB") == byte_size(2'000'000'000));
    REQUIRE(parse_size("64KiB") == byte_size(65536));
    REQUIRE(parse_size("64 KiB") == byte_size(65536));
    REQUIRE(parse_size("1MiB") == byte_size(1 << 20));
    REQUIRE(parse_size("1.5GiB") == byte_size(1610612736));
    REQUIRE(parse_size("0") == byte_size(0));
}

TEST_CASE("a size is not negative and has no unknown unit", "[units]") {
    for (const auto* text :
         {"-1", "-1KiB", "1mb", "1K", "1TB", "", "KiB", "1e30", "9223372036854775808", "10000000000GiB"})
        REQUIRE_FALSE(parse_size(text));
}

TEST_CASE("what was written of a size is read as the same", "[units][property]") {
    REQUIRE(to_text(byte_size(65536)) == "64KiB");
    REQUIRE(to_text(byte_size(10'000'000)) == "10MB");
    REQUIRE(to_text(byte_size(1500)) == "1500B");
    REQUIRE(to_text(byte_size(0)) == "0B");
    std::mt19937_64 random(2);
    for (int i = 0; i < 2000; ++i) {
        const byte_size s((random() >> 1) >> (random() % 63));
        REQUIRE(parse_size(to_text(s)) == s);
    }
}

TEST_CASE("a rate has each of its units, and is in hertz without", "[units]") {
    REQUIRE(parse_rate("50Hz") == hertz(50));
    REQUIRE(parse_rate("16kHz") == hertz(16000));
    REQUIRE(parse_rate("44.1kHz") == hertz(44100));
    REQUIRE(parse_rate("2MHz") == hertz(2e6));
    REQUIRE(parse_rate("8000") == hertz(8000));
    REQUIRE(parse_rate("0.5Hz") == hertz(0.5));
    for (const auto* text : {"-5Hz", "16KHz", "16khz", "16k", "", "Hz", "1e308MHz", "infHz"})
        REQUIRE_FALSE(parse_rate(text));
}

TEST_CASE("what was written of a rate is read as the same", "[units][property]") {
    REQUIRE(to_text(hertz(44100)) == "44.1kHz");
    REQUIRE(to_text(hertz(16000)) == "16kHz");
    REQUIRE(to_text(hertz(50)) == "50Hz");
    REQUIRE(to_text(hertz(0.5)) == "0.5Hz");
    REQUIRE(to_text(hertz(0)) == "0Hz");
    for (int i = 0; i < 200'000; i += 7)
        if (parse_rate(to_text(hertz(i))) != hertz(i)) FAIL("rate " << i);
    std::mt19937_64 random(3);
    for (int i = 0; i < 2000; ++i) {
        const hertz r(
            std::ldexp(std::generate_canonical<double, 53>(random), static_cast<int>(random() % 200) - 50));
        REQUIRE(parse_rate(to_text(r)) == r);
    }
}

TEST_CASE("a number is wholly a number", "[units]") {
    REQUIRE(parse_number("0.5") == 0.5);
    REQUIRE(parse_number("-1e-3") == -0.001);
    REQUIRE(parse_number("+2") == 2);
    REQUIRE(parse_integer("-007") == -7);
    REQUIRE(parse_integer("+7") == 7);
    REQUIRE(parse_integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    for (const auto* text :
         {"", "+", "-", "++5", "+-5", "5x", " 5", "5 ", "0x1", "inf", "nan", "1e999", "1_000", "5%"}) {
        REQUIRE_FALSE(parse_number(text));
        REQUIRE_FALSE(parse_integer(text));
    }
    for (const auto* text : {"1.0", "1e3", "9223372036854775808"}) REQUIRE_FALSE(parse_integer(text));
}

TEST_CASE("a number is written without needless zeros", "[units]") {
    REQUIRE(to_text(0.5) == "0.5");
    REQUIRE(to_text(3.0) == "3");
    REQUIRE(to_text(1e20) == "1e+20");
    REQUIRE(to_text(-0.1) == "-0.1");
}
