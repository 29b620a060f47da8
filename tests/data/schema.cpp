#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <rtai/data/schema.hpp>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using kind = rtai::schema::kind;
using rtai::schema_of;

namespace {

enum class level { low, middle, high };
BOOST_DESCRIBE_ENUM(level, low, middle, high)

struct inner {
    int count = 3;
    rtai::secret key;
    RTAI_DESCRIBE(inner, count, key)
};

struct options {
    double threshold = 0.5;
    std::uint8_t channels = 1;
    std::chrono::milliseconds stop_after{500};
    std::optional<std::chrono::seconds> idle;
    std::vector<std::chrono::milliseconds> steps;
    std::map<std::string, int> weights;
    std::string voice = "slt";
    level how = level::middle;
    inner in;
    RTAI_DESCRIBE(options, threshold, channels, stop_after, idle, steps, weights, voice, how, in)
    static void notes(rtai::notes<options>& about) {
        about(&options::threshold, "counts as speech", rtai::range(0, 1));
        about(&options::channels, "of sound", rtai::at_least(1));
        about(&options::stop_after, "of silence", rtai::range(10, 2000));
        about(&options::idle, "until it ends", rtai::range(1, 3600));
        about(&options::steps, "each of them", rtai::range(1, 5));
        about(&options::weights, "each of them", rtai::at_least(0));
        about(&options::voice, "who speaks", rtai::required);
    }
};

struct generated {
    int a = 1;
    inner b;
    static constexpr bool lists_members = true;
    template <class V>
    static void members(V& visit) {
        visit("a", &generated::a);
        visit("b", &generated::b);
    }
};

}  // namespace

TEST_CASE("each type that can be an option has its kind", "[schema]") {
    REQUIRE(schema_of<rtai::value>().type == kind::any);
    REQUIRE(schema_of<bool>().type == kind::boolean);
    REQUIRE(schema_of<int>().type == kind::integer);
    REQUIRE(schema_of<std::uint64_t>().type == kind::integer);
    REQUIRE(schema_of<float>().type == kind::number);
    REQUIRE(schema_of<double>().type == kind::number);
    REQUIRE(schema_of<std::string>().type == kind::text);
    REQUIRE(schema_of<rtai::secret>().type == kind::secret);
    REQUIRE(schema_of<std::filesystem::path>().type == kind::path);
    REQUIRE(schema_of<std::chrono::milliseconds>().type == kind::time);
    REQUIRE(schema_of<std::chrono::duration<double>>().type == kind::time);
    REQUIRE(schema_of<rtai::byte_size>().type == kind::size);
    REQUIRE(schema_of<rtai::hertz>().type == kind::rate);
    REQUIRE(schema_of<level>().type == kind::choice);
    REQUIRE(schema_of<level>().choices == std::vector<std::string>{"low", "middle", "high"});
    REQUIRE(schema_of<rtai::pipeline_name>().type == kind::pipeline);
    REQUIRE(schema_of<rtai::service_name>().type == kind::service);
    REQUIRE(schema_of<rtai::store_name>().type == kind::store);
    REQUIRE(schema_of<rtai::listen_port>().type == kind::port);
    REQUIRE(schema_of<std::optional<int>>().type == kind::integer);
    REQUIRE(schema_of<inner>().type == kind::object);
    const auto list = schema_of<std::vector<bool>>();
    REQUIRE(list.type == kind::list);
    REQUIRE(list.item.front().type == kind::boolean);
    const auto map = schema_of<std::map<std::string, std::vector<level>>>();
    REQUIRE(map.type == kind::map);
    REQUIRE(map.item.front().item.front().type == kind::choice);
}

TEST_CASE("each kind has a name of its own", "[schema]") {
    REQUIRE(name_of(kind::any) == "any");
    REQUIRE(name_of(kind::secret) == "secret");
    REQUIRE(name_of(kind::time) == rtai::schema_kind_names[7]);
    REQUIRE(name_of(kind::choice) == "choice");
    REQUIRE(name_of(kind::port) == "port");
    REQUIRE(name_of(kind::object) == "object");
    REQUIRE(std::size(rtai::schema_kind_names) == static_cast<std::size_t>(kind::object) + 1);
}

TEST_CASE("the fields of an object have names, defaults and what notes say", "[schema]") {
    const auto s = schema_of<options>();
    REQUIRE(s.fields.size() == 9);
    REQUIRE(s.find("threshold")->about == "counts as speech");
    REQUIRE(s.find("threshold")->otherwise == "0.5");
    REQUIRE(s.find("threshold")->range->most == 1);
    REQUIRE(s.find("stop_after")->otherwise == "500ms");
    REQUIRE(s.find("idle")->otherwise.empty());
    REQUIRE(s.find("how")->otherwise == "middle");
    REQUIRE(s.find("voice")->required);
    REQUIRE(s.find("voice")->otherwise.empty());
    REQUIRE(s.find("in")->find("count")->otherwise == "3");
    REQUIRE(s.find("no such") == nullptr);
}

TEST_CASE("a range is in base units, whatever holds the value", "[schema]") {
    const auto s = schema_of<options>();
    REQUIRE(s.find("stop_after")->range->least == 10e6);
    REQUIRE(s.find("stop_after")->range->most == 2000e6);
    REQUIRE(s.find("idle")->range->least == 1e9);
    REQUIRE(s.find("idle")->range->most == 3600e9);
    REQUIRE_FALSE(s.find("steps")->range);
    REQUIRE(s.find("steps")->item.front().range->most == 5e6);
    REQUIRE(s.find("weights")->item.front().range->least == 0);
}

TEST_CASE("a range never allows what the type can not hold", "[schema]") {
    const auto s = schema_of<options>();
    REQUIRE(s.find("channels")->range->least == 1);
    REQUIRE(s.find("channels")->range->most == 255);
    REQUIRE(s.find("weights")->item.front().range->most == std::numeric_limits<int>::max());
    REQUIRE(schema_of<std::int8_t>().range->least == -128);
    REQUIRE(schema_of<rtai::listen_port>().range->most == 65535);
    REQUIRE(schema_of<std::chrono::milliseconds>().range->least == 0);
    REQUIRE(schema_of<std::chrono::duration<std::int16_t, std::milli>>().range->most == 32767e6);
}

TEST_CASE("a duration counts in steps of its type", "[schema]") {
    REQUIRE(schema_of<std::chrono::seconds>().step == 1'000'000'000);
    REQUIRE(schema_of<std::chrono::nanoseconds>().step == 1);
    REQUIRE(schema_of<std::chrono::duration<double>>().step == 0);
}

TEST_CASE("a type that lists its members itself is an object too", "[schema]") {
    const auto s = schema_of<generated>();
    REQUIRE(s.type == kind::object);
    REQUIRE(s.find("a")->otherwise == "1");
    REQUIRE(s.find("b")->find("count") != nullptr);
}

TEST_CASE("a default is written as a spec would write it", "[schema]") {
    REQUIRE(rtai::default_text(true) == "true");
    REQUIRE(rtai::default_text(-3) == "-3");
    REQUIRE(rtai::default_text(0.1F) == "0.1");
    REQUIRE(rtai::default_text(0.1) == "0.1");
    REQUIRE(rtai::default_text(std::string("a b")) == "a b");
    REQUIRE(rtai::default_text(std::filesystem::path("/tmp")) == "/tmp");
    REQUIRE(rtai::default_text(90s) == "90s");
    REQUIRE(rtai::default_text(std::chrono::duration<double>(0.5)) == "500ms");
    REQUIRE(rtai::default_text(rtai::byte_size(2048)) == "2KiB");
    REQUIRE(rtai::default_text(rtai::hertz(16000)) == "16kHz");
    REQUIRE(rtai::default_text(rtai::listen_port{8080}) == "8080");
    REQUIRE(rtai::default_text(rtai::pipeline_name{"talk"}) == "talk");
    REQUIRE(rtai::default_text(level::high) == "high");
    REQUIRE(rtai::default_text(std::optional<int>()).empty());
    REQUIRE(rtai::default_text(std::optional(4)) == "4");
    REQUIRE(rtai::default_text(std::vector{1}).empty());
}

TEST_CASE("forever is a duration that can be read again", "[schema]") {
    REQUIRE(rtai::default_text(std::chrono::hours::max()) == "9223372036854775807ns");
    REQUIRE(rtai::parse_duration(rtai::default_text(std::chrono::seconds::max())) ==
            std::chrono::nanoseconds::max());
}

TEST_CASE("a secret's default is not in the schema", "[schema]") {
    REQUIRE(rtai::default_text(rtai::secret("sk-123")).empty());
    REQUIRE(rtai::default_text(std::optional(rtai::secret("sk-123"))).empty());
}

TEST_CASE("a schema knows whether it holds a secret", "[schema]") {
    REQUIRE(holds_secret(schema_of<rtai::secret>()));
    REQUIRE(holds_secret(schema_of<std::vector<rtai::secret>>()));
    REQUIRE(holds_secret(schema_of<std::map<std::string, std::vector<inner>>>()));
    REQUIRE(holds_secret(schema_of<generated>()));
    REQUIRE_FALSE(holds_secret(schema_of<std::vector<int>>()));
}
