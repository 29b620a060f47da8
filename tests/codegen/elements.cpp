#include <catch2/catch.hpp>

#include "tool.hpp"

using namespace rtai::codegen;
using tool::contains;

namespace {

tool::outcome elements(const std::string& name, bool json = false) {
    common_options with;
    with.json = json;
    return tool::capture([&] { return elements_command(name, with); });
}

}  // namespace

TEST_CASE("the list of elements has groups and aligned columns") {
    const auto made = elements("");
    REQUIRE(made.code == done);
    REQUIRE(made.out.starts_with("elements\n"));
    REQUIRE(contains(made.out, "\nservices\n"));
    REQUIRE(contains(made.out, "  tee "));
    REQUIRE(contains(made.out, "  Gives everything"));
    REQUIRE(contains(made.out, " Runs a pipeline once."));
}

TEST_CASE("an element's page has its options, ports and a line to paste") {
    const auto made = elements("tone");
    REQUIRE(made.code == done);
    REQUIRE(contains(made.out, "  C++     rtai::tone\n  header  <rtai/graph/elements/tone.hpp>\n"));
    REQUIRE(
        contains(made.out, "  frequency  rate           default 440Hz  how high it is; from 1Hz to 24kHz\n"));
    REQUIRE(contains(made.out,
                     "  out  gives audio  any format; waits for room, so nothing is dropped behind it\n"));
    REQUIRE(contains(made.out, "  tone: { use: tone, frequency: 440Hz }\n"));
}

TEST_CASE("the line to paste is right for every element and service") {
    const known all;
    std::string text = "rtai: 1\nname: pasted\npipelines:\n  talk:\n    elements:\n";
    for (const auto& c : all.elements()) {
        if (c.takes_function) continue;
        const auto page = elements(c.name).out;
        text += "      " + page.substr(page.find("'elements:'\n  ") + 14);
    }
    text += "    flow: [ tee -> tee ]\nservices:\n";
    for (const auto& c : all.services()) {
        const auto page = elements(c.name).out;
        text += "  " + page.substr(page.find("'services:'\n  ") + 14);
    }
    const tool::workplace here;
    const auto path = here.file("pasted.yaml", text);
    // The flow is nonsense; but no option may be.
    const auto told = tool::capture([&] { return check_command(path, {}); });
    INFO(told.err);
    for (const char* bad : {"takes", "needs '", "is no option", "out of its range", "has no value"})
        REQUIRE_FALSE(contains(told.err, std::string("' ") + bad));
}

TEST_CASE("a service's page says if it can not be built yet") {
    REQUIRE(contains(elements("duplex").out, "can not build it yet"));
    REQUIRE_FALSE(contains(elements("lines").out, "can not build it yet"));
}

TEST_CASE("the catalogue as JSON has everything") {
    const auto tree = tool::parsed(elements("", true).out);
    const known all;
    REQUIRE(tree.find("elements")->items.size() == all.elements().size());
    REQUIRE(tree.find("services")->items.size() == all.services().size());
    const auto one = tool::parsed(elements("console_sink", true).out);
    REQUIRE(one.find("name")->text == "console_sink");
    REQUIRE(one.find("options")->items[0].find("name")->text == "prefix");
    REQUIRE(one.find("ports")->items[0].find("direction")->text == "in");
}

TEST_CASE("an element that is not there is told with the nearest") {
    const auto made = elements("tome");
    REQUIRE(made.code == bad_spec);
    REQUIRE(made.out.empty());
    REQUIRE(made.err == "rtai: there is no element or kind of service 'tome'\n  did you mean 'tone'?\n");
}
