#define RTAI_CATALOGUE
#include <rtai/graph.hpp>
//
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <rtai/data/yaml.hpp>
#include <set>
#include <string>
#include <system_error>

using namespace rtai;

namespace my {

enum class color { red, green };
BOOST_DESCRIBE_ENUM(color, red, green)

struct odd {
    struct options {
        std::string words = "a: b, \"c\" # d\n{e}";
        std::string number_like = "12";
        double ratio = 0.25;
        color look = color::green;
        std::vector<std::string> list;
        std::map<std::string, double> weights;
        std::chrono::milliseconds wait{1500};
        byte_size size{65'536};
        secret key;
        RTAI_DESCRIBE(options, words, number_like, ratio, look, list, weights, wait, size, key)
        static void notes(rtai::notes<options>& about) {
            about(&options::words, "- text: with 'all' that YAML minds, [even] \\ and \"quotes\" #1");
            about(&options::number_like, "true");
            about(&options::ratio, "null", range(-1, 1));
            about(&options::key, "12", required);
        }
    };
    explicit odd(options) {}
    static result<> available(const options&) { return {}; }

    input<audio, rates<16'000, 8'000>, channels<1, 2>, encodings<encoding::f32, encoding::s16>> in;
    inputs<control, if_wired> orders;
    output<audio, can_wait> out;
    outputs<video> pictures;
    RTAI_DESCRIBE(odd, in, orders, out, pictures)
    task<> run();
};

struct kind_of_service {
    struct options {
        listen_port port;
        pipeline_name pipeline;
        RTAI_DESCRIBE(options, port, pipeline)
    };
    struct session {
        output<audio> mic;
        input<audio> speaker;
        RTAI_DESCRIBE(session, mic, speaker)
    };
    static constexpr bool is_built = false;
};

}  // namespace my

RTAI_ELEMENT(my::odd, "About: \"it\", # and - more.");
RTAI_SERVICE(my::kind_of_service, "A service.");

namespace {

const card& card_named(const std::string& name) {
    const auto& all = catalogue();
    const auto found = std::find_if(all.begin(), all.end(), [&](const card& c) { return c.name == name; });
    if (found == all.end()) FAIL("'" << name << "' is not in the catalogue");
    return *found;
}

card through_yaml(const card& c) {
    const auto text = yaml_line(to_value(c)) + "\n";
    problems found;
    const auto read = read_yaml(std::make_shared<const source>("card", text), found);
    for (const auto& p : found.sorted()) UNSCOPED_INFO(to_text(p));
    REQUIRE(found.empty());
    return card_from(read);
}

}  // namespace

TEST_CASE("what the headers have is in the catalogue", "[catalogue]") {
    std::set<std::string> names;
    for (const auto& c : catalogue()) REQUIRE(names.insert(c.name).second);
    for (const auto* name :
         {"tee",      "merge",      "filter",   "map",         "delay",     "throttle",       "counter",
          "tone",     "wav_source", "wav_sink", "file_source", "file_sink", "text_source",    "console_sink",
          "recorder", "convert",    "valve",    "pass",        "my::odd",   "kind_of_service"})
        REQUIRE(names.count(name) == 1);
}

TEST_CASE("each card is the same after a way through YAML", "[catalogue]") {
    for (const auto& c : catalogue()) {
        CAPTURE(c.name);
        const auto back = through_yaml(c);
        REQUIRE(yaml_line(to_value(back)) == yaml_line(to_value(c)));
    }
}

TEST_CASE("what is odd in a card stays what it is", "[catalogue]") {
    const auto c = through_yaml(card_named("my::odd"));
    REQUIRE(c.type == card::kind::element);
    REQUIRE(c.cpp == "my::odd");
    REQUIRE(c.about == "About: \"it\", # and - more.");
    REQUIRE(c.can_be_missing);
    REQUIRE_FALSE(c.is_generic);
    REQUIRE(c.is_built);
    const auto& o = c.options;
    REQUIRE(o.find("words")->otherwise == my::odd::options().words);
    REQUIRE(o.find("words")->about == "- text: with 'all' that YAML minds, [even] \\ and \"quotes\" #1");
    REQUIRE(o.find("number_like")->otherwise == "12");
    REQUIRE(o.find("number_like")->about == "true");
    REQUIRE(o.find("ratio")->about == "null");
    REQUIRE(o.find("ratio")->range->least == -1);
    REQUIRE(o.find("ratio")->range->most == 1);
    REQUIRE(o.find("look")->choices == std::vector<std::string>{"red", "green"});
    REQUIRE(o.find("list")->item.front().type == schema::kind::text);
    REQUIRE(o.find("weights")->item.front().type == schema::kind::number);
    REQUIRE(o.find("wait")->otherwise == "1500ms");
    REQUIRE(o.find("size")->otherwise == "64KiB");
    REQUIRE(o.find("key")->type == schema::kind::secret);
    REQUIRE(o.find("key")->required);

    REQUIRE(c.ports.size() == 4);
    REQUIRE(c.ports[0].type == "rtai::audio");
    REQUIRE(c.ports[0].format.rates == std::vector<std::uint32_t>{16'000, 8'000});
    REQUIRE(c.ports[0].format.channels == std::vector<std::uint8_t>{1, 2});
    REQUIRE(c.ports[0].format.encodings == std::vector<encoding>{encoding::f32, encoding::s16});
    REQUIRE(c.ports[0].policy == "drop_oldest");
    REQUIRE(c.ports[0].capacity == 50);
    REQUIRE(c.ports[1].many);
    REQUIRE(c.ports[1].may_be_unwired);
    REQUIRE(c.ports[1].policy == "block");
    REQUIRE(c.ports[2].waits);
    REQUIRE_FALSE(c.ports[2].is_input);
    REQUIRE(c.ports[3].many);
    REQUIRE(c.ports[3].type == "rtai::video");
}

TEST_CASE("templates say what they are open for", "[catalogue]") {
    REQUIRE(card_named("tee").cpp == "rtai::tee");
    REQUIRE(card_named("tee").header == "rtai/graph/elements/tee.hpp");
    REQUIRE(card_named("tee").is_generic);
    REQUIRE(card_named("tee").ports.at(0).type == "*");
    REQUIRE(card_named("tee").ports.at(1).follows_input);
    REQUIRE(card_named("map").takes_function);
    REQUIRE_FALSE(card_named("map").is_generic);
    REQUIRE(card_named("filter").takes_function);
    REQUIRE(card_named("filter").ports.at(0).type == "*");
    REQUIRE(card_named("tone").ports.at(0).waits);
    REQUIRE(card_named("wav_source").options.find("path")->required);
    REQUIRE(card_named("valve").ports.at(1).type == "rtai::control");
}

TEST_CASE("a service says what its sessions give and take", "[catalogue]") {
    const auto c = through_yaml(card_named("kind_of_service"));
    REQUIRE(c.type == card::kind::service);
    REQUIRE_FALSE(c.is_built);
    REQUIRE(c.ports.size() == 2);
    REQUIRE(c.ports[0].name == "mic");
    REQUIRE_FALSE(c.ports[0].is_input);
    REQUIRE(c.options.find("port")->type == schema::kind::port);
    REQUIRE(c.options.find("pipeline")->type == schema::kind::pipeline);
}

TEST_CASE("each element and each of its options says what it is", "[catalogue]") {
    for (const auto& c : catalogue()) {
        if (!c.cpp.starts_with("rtai::")) continue;
        CAPTURE(c.name);
        REQUIRE(c.about.ends_with("."));
        for (const auto& option : c.options.fields) {
            CAPTURE(option.name);
            REQUIRE_FALSE(option.about.empty());
        }
    }
}
