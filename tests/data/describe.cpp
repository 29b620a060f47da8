#include <catch2/catch.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/moment.hpp>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace {

struct options {
    double threshold = 0.5;
    std::string voice;
    double hidden = 0;
    int plain = 0;
    RTAI_DESCRIBE(options, threshold, voice, plain)
    static void notes(rtai::notes<options>& about) {
        about(&options::threshold, "counts as speech", rtai::range(0, 1));
        about(&options::voice, "who speaks", rtai::required);
    }
};

struct forgetful {
    double threshold = 0.5;
    double hidden = 0;
    RTAI_DESCRIBE(forgetful, threshold)
    static void notes(rtai::notes<forgetful>& about) { about(&forgetful::hidden, "is not described"); }
};

struct stranger {
    int a = 0;
};
enum class unknown { a };

}  // namespace

TEST_CASE("a described type shows its members by name, in order", "[describe]") {
    std::vector<std::string> names;
    const options o{0.25, "slt", 0, 3};
    double sum = 0;
    rtai::for_each_member<options>([&](std::string_view name, auto member) {
        names.emplace_back(name);
        if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(o.*member)>>) sum += o.*member;
    });
    REQUIRE(names == std::vector<std::string>{"threshold", "voice", "plain"});
    REQUIRE(sum == 3.25);
}

TEST_CASE("what is not described is known to be so", "[describe]") {
    STATIC_REQUIRE(rtai::described<options>);
    STATIC_REQUIRE_FALSE(rtai::described<stranger>);
    STATIC_REQUIRE_FALSE(rtai::described<int>);
    STATIC_REQUIRE(rtai::described_enum<rtai::what>);
    STATIC_REQUIRE_FALSE(rtai::described_enum<unknown>);
    STATIC_REQUIRE_FALSE(rtai::described_enum<int>);
}

TEST_CASE("a value of an enum has its name, an unknown one has none", "[describe]") {
    STATIC_REQUIRE(rtai::name_of(rtai::what::speech_start) == "speech_start");
    REQUIRE(rtai::name_of(static_cast<rtai::what>(200)).empty());
}

TEST_CASE("notes tell what is known of a member", "[describe]") {
    const rtai::notes<options> about;
    const auto threshold = about.of("threshold");
    REQUIRE(threshold.about == "counts as speech");
    REQUIRE(threshold.range->least == 0);
    REQUIRE(threshold.range->most == 1);
    REQUIRE_FALSE(threshold.required);
    REQUIRE(about.of("voice").required);
    REQUIRE(about.of("plain").about.empty());
    REQUIRE_FALSE(about.of("plain").range);
    REQUIRE(about.of("no such").about.empty());
    REQUIRE(rtai::notes<stranger>().of("a").about.empty());
}

TEST_CASE("a note about a member that is not described is a mistake of the program", "[describe]") {
    REQUIRE_THROWS_AS(rtai::notes<forgetful>(), std::logic_error);
}
