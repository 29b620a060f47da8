#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <optional>
#include <rtai/data/config.hpp>
#include <rtai/data/variables.hpp>
#include <string>

#include "data/told.hpp"

using test::lines;

namespace {

const std::map<std::string, std::string> environment = {
    {"A", "one"}, {"B_2", "two"}, {"EMPTY", ""}, {"ODD", "${A} $$ \"x\": 1"}, {"_", "under"}};

std::optional<std::string> lookup(const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
}

std::string resolved(const std::string& text) {
    rtai::problems found;
    rtai::value tree(text);
    resolve_variables(tree, lookup, found);
    if (!found.empty()) return test::told(found).front();
    return tree.text;
}

}  // namespace

TEST_CASE("a variable is replaced by its value", "[variables]") {
    REQUIRE(resolved("${A}") == "one");
    REQUIRE(resolved("x${A}y${B_2}z${_}") == "xoneytwozunder");
    REQUIRE(resolved("${A}${A}") == "oneone");
    REQUIRE(resolved("nothing here") == "nothing here");
    REQUIRE(resolved("") == "");
}

TEST_CASE("a default stands for a variable that is not set, or empty", "[variables]") {
    REQUIRE(resolved("${X:-b c}") == "b c");
    REQUIRE(resolved("${A:-b}") == "one");
    REQUIRE(resolved("${EMPTY:-b}") == "b");
    REQUIRE(resolved("${EMPTY}") == "");
    REQUIRE(resolved("${X:-}") == "");
    REQUIRE(resolved("${X:-a:-b}") == "a:-b");
    REQUIRE(resolved("${X:-$5}") == "$5");
}

TEST_CASE("two dollars are one, and a dollar alone is itself", "[variables]") {
    REQUIRE(resolved("$$") == "$");
    REQUIRE(resolved("$${A}") == "${A}");
    REQUIRE(resolved("$$${A}") == "$one");
    REQUIRE(resolved("5$") == "5$");
    REQUIRE(resolved("$A $ {A}") == "$A $ {A}");
    REQUIRE(resolved("$") == "$");
}

TEST_CASE("the value of a variable is never read as YAML or for variables", "[variables]") {
    REQUIRE(resolved("${ODD}") == "${A} $$ \"x\": 1");
}

TEST_CASE("a variable that is not written well is told", "[variables]") {
    const std::string help = " (write ${NAME} or ${NAME:-default}; a dollar sign is $$)";
    const std::string name = "a variable's name has letters, digits and '_', no digit first" + help;
    REQUIRE(resolved("a ${A") == "'${' without its '}'" + help);
    REQUIRE(resolved("${") == "'${' without its '}'" + help);
    for (const auto* text : {"${}", "${1A}", "${A-B}", "${A B}", "${:-x}", "${A:b}", "${\xC3\xA9}"})
        REQUIRE(resolved(text) == name);
    REQUIRE(resolved("${X:-${A}}") == "the default of a variable can not hold another variable" + help);
}

TEST_CASE("each variable that is missing is told at its own place", "[variables]") {
    rtai::problems found;
    auto tree = test::read("a: ${NO}\nb: [\"x ${NOT}\", {c: \"${A}${NEVER}\"}]\nd: \"\\t${ESCAPED}\"\n");
    resolve_variables(tree, lookup, found);
    REQUIRE(test::told(found) == lines{"1:4 the environment variable NO is not set (export it; what is no "
                                       "secret may have a default: ${NO:-...})",
                                       "2:8 the environment variable NOT is not set (export it; what is no "
                                       "secret may have a default: ${NOT:-...})",
                                       "2:26 the environment variable NEVER is not set (export it; what is "
                                       "no secret may have a default: ${NEVER:-...})",
                                       "3:4 the environment variable ESCAPED is not set (export it; what is "
                                       "no secret may have a default: "
                                       "${ESCAPED:-...})"});
    REQUIRE(tree.find("b")->items[1].find("c")->text == "one");
}

TEST_CASE("names of a map have no variables", "[variables]") {
    rtai::problems found;
    auto tree = test::read("\"${A}\": ${A}");
    resolve_variables(tree, lookup, found);
    REQUIRE(tree.members[0].name == "${A}");
    REQUIRE(tree.members[0].held.text == "one");
}

TEST_CASE("the environment is asked by name", "[variables]") {
    ::setenv("RTAI_TEST_VARIABLE", "here", 1);
    REQUIRE(rtai::environment_variable("RTAI_TEST_VARIABLE") == "here");
    ::unsetenv("RTAI_TEST_VARIABLE");
    REQUIRE_FALSE(rtai::environment_variable("RTAI_TEST_VARIABLE"));
}
