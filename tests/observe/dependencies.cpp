#include <catch2/catch.hpp>
#include <rtai/observe/dependencies.hpp>
#include <string>

using namespace rtai;
using namespace rtai::observe;
using namespace std::chrono_literals;

namespace {

const time_point start{1h};

need oracle() { return {"llm", "https://oracle.example", need::kind::address}; }

}  // namespace

TEST_CASE("what nobody has asked yet is neither well nor ill", "[dependencies]") {
    dependencies all;
    all.add(oracle());
    REQUIRE(all.look(start).size() == 1);
    CHECK(all.look(start).front().of.name == "llm");
    CHECK_FALSE(all.look(start).front().ok.has_value());
}

TEST_CASE("a server is as its last request was", "[dependencies]") {
    dependencies all;
    all.add(oracle());
    all.fared("https://oracle.example", result<int>(error(std::errc::timed_out, "no answer")), start);
    const auto failed = all.look(start + 5s).front();
    CHECK(failed.ok == false);
    CHECK(failed.failure.find("no answer: ") == 0);
    CHECK(failed.failed_at == start);
    all.fared("https://oracle.example", result<int>(7), start + 6s);
    CHECK(all.look(start).front().ok == true);
}

TEST_CASE("a request that was given up says nothing of the server", "[dependencies]") {
    dependencies all;
    all.add(oracle());
    const result<> gone = error(std::errc::operation_canceled, "nobody listens");
    all.fared("https://oracle.example", gone, start);
    CHECK_FALSE(all.look(start).front().ok.has_value());
    all.good("https://oracle.example");
    all.fared("https://oracle.example", gone, start);
    CHECK(all.look(start).front().ok == true);
}

TEST_CASE("all who need the same hear of it, and nobody else", "[dependencies]") {
    dependencies all;
    all.add(oracle());
    all.add(need("judge", "https://oracle.example", need::kind::address));
    all.add(need("tts", "https://voice.example", need::kind::address));
    all.failed("https://oracle.example", "down", start);
    all.failed("https://elsewhere.example", "down", start);
    const auto seen = all.look(start);
    REQUIRE(seen.size() == 3);
    CHECK(seen[0].ok == false);
    CHECK(seen[1].ok == false);
    CHECK_FALSE(seen[2].ok.has_value());
}

TEST_CASE("what is looked at is told since when it is so", "[dependencies]") {
    dependencies all;
    std::string trouble;
    all.add(need("jwt", "/etc/keys.json", need::kind::file), [&](time_point) { return trouble; });
    CHECK(all.look(start).front().ok == true);
    trouble = "torn";
    CHECK(all.look(start + 1s).front().failed_at == start + 1s);
    CHECK(all.look(start + 9s).front().failed_at == start + 1s);
    CHECK(all.look(start + 9s).front().failure == "torn");
    trouble.clear();
    CHECK(all.look(start + 10s).front().ok == true);
}

TEST_CASE("a file is well as long as it can be read", "[dependencies]") {
    dependencies all;
    all.add(need("here", "/proc/self/status", need::kind::file));
    all.add(need("there", "/nowhere/at/all", need::kind::file));
    const auto seen = all.look(start);
    CHECK(seen[0].ok == true);
    CHECK(seen[1].ok == false);
    CHECK(seen[1].failure == "can not be read: No such file or directory");
}

TEST_CASE("options that name no place need nothing", "[dependencies]") {
    needs on;
    on.name = "llm";
    on.address("");
    on.file({});
    CHECK(on.all.empty());
    on.file("model.onnx");
    REQUIRE(on.all.size() == 1);
    CHECK(on.all.front().name == "llm");
    CHECK(on.all.front().what == need::kind::file);
}
