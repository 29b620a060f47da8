#include <catch2/catch.hpp>

#include "tool.hpp"

using namespace rtai::codegen;
using tool::contains;
namespace fs = std::filesystem;

namespace {

tool::outcome make(const std::string& name, const std::string& kind = "voice") {
    return tool::capture([&] { return new_command(name, kind, {}); });
}

}  // namespace

TEST_CASE("new makes a directory with all that is needed, and says what is next") {
    const tool::workplace here;
    const auto [kind, element, then] = GENERATE(table<std::string, std::string, std::string>({
        {"voice", "brain.hpp", "open http://localhost:8080"},
        {"lines", "louder.hpp", "nc localhost 7000"},
    }));
    const auto made = make("hello", kind);
    REQUIRE(made.code == done);
    REQUIRE(contains(made.out, "cd hello && rtai run hello.yaml\n"));
    REQUIRE(contains(made.out, then));
    for (const std::string& file :
         {std::string("hello.yaml"), element, std::string("CMakeLists.txt"), std::string("README.md"),
          std::string(".gitignore"), std::string("rtai.schema.json")}) {
        REQUIRE(fs::is_regular_file(fs::path("hello") / file));
        REQUIRE_FALSE(contains(tool::read((fs::path("hello") / file).string()), "{{"));
    }
    REQUIRE(tool::read("hello/hello.yaml").starts_with("# yaml-language-server: $schema=rtai.schema.json\n"));
}

TEST_CASE("what new makes has no mistakes", "[long]") {
    const tool::workplace here;
    for (const auto& kind : template_names()) {
        REQUIRE(make(kind + "_app", kind).code == done);
        const auto told =
            tool::capture([&] { return check_command(kind + "_app/" + kind + "_app.yaml", {}); });
        INFO(told.err);
        REQUIRE(told.code == done);
    }
}

TEST_CASE("new says which templates there are") {
    const tool::workplace here;
    const auto mistyped = make("hello", "voic");
    REQUIRE(mistyped.code == misused);
    REQUIRE(mistyped.err == "rtai: there is no template 'voic'\n  did you mean 'voice'?\n");
    REQUIRE(make("hello", "picture").err ==
            "rtai: there is no template 'picture'\n  there is: voice, lines\n");
    REQUIRE_FALSE(fs::exists("hello"));
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
