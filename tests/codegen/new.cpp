#include <catch2/catch.hpp>

#include "tool.hpp"

using namespace rtai::codegen;
using tool::contains;
namespace fs = std::filesystem;

namespace {

tool::outcome make(const std::string& name) {
    return tool::capture([&] { return new_command(name, {}); });
}

}  // namespace

TEST_CASE("new makes a directory with all that is needed, and says what is next") {
    const tool::workplace here;
    const auto made = make("hello");
    REQUIRE(made.code == done);
    REQUIRE(contains(made.out, "cd hello && rtai run hello.yaml\n"));
    for (const char* file :
         {"hello.yaml", "louder.hpp", "CMakeLists.txt", "README.md", ".gitignore", "rtai.schema.json"})
        REQUIRE(fs::is_regular_file(fs::path("hello") / file));
    REQUIRE(tool::read("hello/hello.yaml").starts_with("# yaml-language-server: $schema=rtai.schema.json\n"));
    for (const char* file : {"hello.yaml", "CMakeLists.txt", "README.md"})
        REQUIRE_FALSE(contains(tool::read((fs::path("hello") / file).string()), "{{"));
}

TEST_CASE("what new makes has no mistakes", "[long]") {
    const tool::workplace here;
    REQUIRE(make("hello").code == done);
    const auto told = tool::capture([] { return check_command("hello/hello.yaml", {}); });
    INFO(told.err);
    REQUIRE(told.code == done);
}

TEST_CASE("new takes an empty directory, and no other") {
    const tool::workplace here;
    fs::create_directory("empty");
    REQUIRE(make("empty").code == done);
    const auto again = make("empty");
    REQUIRE(again.code == cannot);
    REQUIRE(again.err ==
            "rtai: there is something in 'empty' already\n  choose another name, or empty it first\n");
    here.file("taken", "a file");
    REQUIRE(make("taken").code == cannot);
}

TEST_CASE("new says how to mend a name that can not be one") {
    const tool::workplace here;
    const auto [name, mended] = GENERATE(table<std::string, std::string>({
        {"my-bot", "my_bot"},
        {"2nd", "app_2nd"},
        {"", "my_app"},
        {"a b/c", "a_b_c"},
        {"class", "my_class"},
        {"door", "my_door"},
        {"_x", "x"},
    }));
    const auto made = make(name);
    REQUIRE(made.code == misused);
    REQUIRE(made.out.empty());
    REQUIRE(contains(made.err, "rtai new " + mended + "\n"));
    REQUIRE(make(mended).code == done);
}
