#include <catch2/catch.hpp>
#include <filesystem>
#include <rtai/media/file.hpp>
#include <system_error>

#include "support/sound.hpp"

using namespace rtai;
using namespace rtai::test;
using Catch::Matchers::Contains;

TEST_CASE("a file that can not be read says why and what to do", "[file]") {
    REQUIRE_THAT(readable("").error().message(), Contains("give 'path'"));
    const auto missing = readable("not/here.wav").error();
    REQUIRE(missing.code == std::errc::no_such_file_or_directory);
    REQUIRE_THAT(missing.message(),
                 Contains("'not/here.wav'") && Contains("begins in '") && Contains("No such file"));
    REQUIRE_THAT(readable("/not/here.wav").error().message(), Contains("check the path: "));
    REQUIRE_THAT(readable("/").error().message(), Contains("name a file in it") && Contains("directory"));
    REQUIRE_THAT(readable("/dev/null").error().message(), Contains("device"));
    const auto there = temporary("there.txt");
    write_file(there, "x");
    REQUIRE(readable(there));
}

TEST_CASE("a file that can not be written says why and what to do", "[file]") {
    REQUIRE_THAT(writable("").error().message(), Contains("give 'path'"));
    REQUIRE_THAT(writable("/").error().message(), Contains("name a file in it"));
    REQUIRE_THAT(writable(temporary("no/where.txt")).error().message(), Contains("make the directory"));
    REQUIRE(writable(temporary("new.txt")));
    REQUIRE(writable("new.txt"));
    const auto there = temporary("there.txt");
    write_file(there, "x");
    REQUIRE(writable(there));
    REQUIRE(file_text(there) == "x");
}
