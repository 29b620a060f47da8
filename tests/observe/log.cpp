#include <algorithm>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <rtai/data/json.hpp>
#include <rtai/observe/log.hpp>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <vector>

using namespace rtai;
using namespace rtai::observe;
using namespace std::chrono_literals;

namespace {

std::string scratch() {
    static int number = 0;
    return (std::filesystem::temp_directory_path() /
            ("rtai_log_" + std::to_string(::getpid()) + "_" + std::to_string(++number)))
        .string();
}

/// A log into a file, and what is in it.
struct log_file {
    explicit log_file(log_settings s = log_settings("gateway")) : settings(std::move(s)) {
        settings.file = scratch();
        settings.clock = [this] { return at; };
    }
    log_file(const log_file&) = delete;
    log_file& operator=(const log_file&) = delete;
    ~log_file() { std::filesystem::remove(settings.file); }

    std::string text() const {
        std::ifstream file(settings.file);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::vector<json::value> lines() const {
        std::vector<json::value> all;
        std::ifstream file(settings.file);
        for (std::string line; std::getline(file, line);) all.push_back(*parse_json(line));
        return all;
    }

    log_settings settings;
    log_time at{std::chrono::microseconds(1'736'936'999'000'345)};
};

/// How many lines there are, and how many are said to be missing.
std::pair<std::uint64_t, std::uint64_t> story_of(const std::string& text) {
    std::uint64_t lines = 0, missing = 0;
    for (std::size_t at = 0, end = text.find('\n'); end != std::string::npos;
         at = end + 1, end = text.find('\n', at)) {
        const auto line = *parse_json(text.substr(at, end - at));
        if (line.at("event") == "line") ++lines;
        else missing += line.at_pointer("/metadata/lines").to_number<std::uint64_t>();
    }
    return {lines, missing};
}

std::string text_member(const json::value& v, std::string_view name) { return std::string(text_of(v, name)); }

}  // namespace

TEST_CASE("a line says when, who, where, how grave and what", "[log]") {
    log_file f;
    {
        log_writer writer(f.settings);
        const logger log(writer, "session_manager");
        log.in_session("uuid").info("session_created", {{"user_id", "user123"},
                                                        {"client_type", std::string("webrtc")},
                                                        {"frames", 12},
                                                        {"bytes", std::uint64_t{18446744073709551615U}},
                                                        {"share", 0.5},
                                                        {"resumed", false}});
        log.error("failed", {}, "what a person reads");
    }
    REQUIRE(f.text() ==
            R"({"timestamp":"2025-01-15T10:29:59.000345Z","service":"gateway","component":"session_manager",)"
            R"("level":"INFO","session_id":"uuid","event":"session_created","metadata":{"user_id":"user123",)"
            R"("client_type":"webrtc","frames":12,"bytes":18446744073709551615,"share":0.5,"resumed":false}})"
            "\n"
            R"({"timestamp":"2025-01-15T10:29:59.000345Z","service":"gateway","component":"session_manager",)"
            R"("level":"ERROR","event":"failed","message":"what a person reads"})"
            "\n");
}

TEST_CASE("a line names the trace that it is part of, where there is one", "[log]") {
    log_file f;
    {
        log_writer writer(f.settings);
        const auto session = logger(writer, "gateway").in_session("uuid");
        session.in_trace("4bf9").info("begun");
        session.in_trace("").info("begun");
    }
    REQUIRE(f.text().find(R"("session_id":"uuid","trace_id":"4bf9","event":"begun"})") != std::string::npos);
    REQUIRE(f.text().find(R"("session_id":"uuid","event":"begun"})") != std::string::npos);
}

TEST_CASE("the same for a terminal", "[log]") {
    log_file f;
    f.settings.json = false;
    {
        log_writer writer(f.settings);
        logger(writer, "http")
            .in_session("7")
            .warning("slow", {{"path", "/a b"}, {"ms", 1.5}, {"n", ""}}, "for a person\x1B[31m\n");
    }
    REQUIRE(f.text() ==
            "2025-01-15T10:29:59.000345Z WARNING http slow for a person?[31m  session=7 path=\"/a b\" ms=1.5 "
            "n=\"\"\n");
}

TEST_CASE("whatever is logged, a line is one line of JSON", "[log]") {
    log_file f;
    std::string everything;
    for (int c = 0; c < 256; ++c) everything += static_cast<char>(c);
    const std::vector<std::string> odd{everything,
                                       "\"},{\"level\":\"ERROR",
                                       "line\r\nline",
                                       "\xE2\x80\xAE\xF4\x90\x80\x80",
                                       std::string(100'000, 'x'),
                                       "\xC3",
                                       "\x9B",
                                       "日本語",
                                       ""};
    {
        log_writer writer(f.settings);
        for (const auto& text : odd)
            logger(writer, text, text).error(text, {{text, text}, {"inf", 1.0 / 0.0 * 1.0}}, text);
    }
    const auto lines = f.lines();
    REQUIRE(lines.size() == odd.size());
    for (const auto& line : lines) {
        REQUIRE(text_member(line, "level") == "ERROR");
        const auto* metadata = find(line, "metadata");
        REQUIRE(metadata != nullptr);
        REQUIRE(metadata->as_object().at("inf").is_null());
    }
    REQUIRE(text_member(lines[1], "event") == odd[1]);
    REQUIRE(text_member(lines[4], "event").size() == 4096);
    REQUIRE(text_member(lines[5], "event") == "\xEF\xBF\xBD");
    REQUIRE(text_member(lines[7], "event") == "日本語");
    for (const char c : f.text()) REQUIRE((c == '\n' || (c >= 0x20 || c < 0)));
}

TEST_CASE("a secret can not be logged", "[log]") {
    STATIC_REQUIRE_FALSE(std::is_constructible_v<field, std::string_view, const secret&>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<field, std::string_view, secret>);
    STATIC_REQUIRE(std::is_constructible_v<field, std::string_view, std::string>);
}

TEST_CASE("levels below the one that is wanted are not told, nor is anything by a logger of nothing",
          "[log]") {
    log_file f;
    f.settings.level = log_level::warning;
    {
        log_writer writer(f.settings);
        const logger log(writer, "c");
        log.debug("a");
        log.info("b");
        log.warning("c");
        log.error("d");
        REQUIRE_FALSE(log.says(log_level::info));
        const logger none;
        none.error("e");
        REQUIRE_FALSE(none.of("x").in_session("y").says(log_level::error));
    }
    REQUIRE(f.lines().size() == 2);
}

TEST_CASE("what is said too often is left out, and how often is told", "[log]") {
    log_file f;
    f.settings.repeats_a_second = 3;
    {
        log_writer writer(f.settings);
        const logger log(writer, "c");
        for (int i = 0; i < 10; ++i) log.info("again");
        for (int i = 0; i < 3; ++i) log.in_session("other").info("again");
        for (int i = 0; i < 3; ++i) log.info("something else");
        f.at += 1s;
        log.info("again");
        for (int i = 0; i < 5; ++i) log.warning("last");
    }
    std::string story;
    for (const auto& line : f.lines()) {
        story += text_member(line, "event");
        if (const auto* about = find(line, "metadata"))
            story += " " + text_member(*about, "of") + json::serialize(about->as_object().at("lines"));
        story += ";";
    }
    REQUIRE(story ==
            "again;again;again;again;again;again;something else;something else;something else;"
            "log_repeats_left_out again7;again;last;last;last;log_repeats_left_out 2;");
}

TEST_CASE("what is too much is dropped, and told when there is room", "[log]") {
    const auto path = scratch();
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
    REQUIRE(reader >= 0);
    log_settings s("gateway");
    s.file = path;
    s.most_waiting = 64 * 1024;
    s.repeats_a_second = 0;
    constexpr int written = 20'000;
    std::string read;
    std::uint64_t dropped = 0;
    {
        log_writer writer(s);
        const logger log(writer, "c");
        // Nobody reads: the pipe is full, and then the queue. The shard goes on.
        for (int i = 0; i < written; ++i) log.info("line", {{"i", i}});
        dropped = writer.dropped();
        REQUIRE(dropped > 0);
        char room[65536];
        while (story_of(read).first + story_of(read).second < written) {
            const auto n = ::read(reader, room, sizeof room);
            if (n > 0) read.append(room, static_cast<std::size_t>(n));
            else std::this_thread::sleep_for(1ms);
        }
    }
    ::close(reader);
    std::filesystem::remove(path);
    REQUIRE(story_of(read) == std::pair<std::uint64_t, std::uint64_t>(written - dropped, dropped));
}

TEST_CASE("a reader that is stuck does not keep the program from ending", "[log]") {
    const auto path = scratch();
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
    {
        log_settings s("gateway");
        s.file = path;
        s.repeats_a_second = 0;
        log_writer writer(s);
        for (int i = 0; i < 5000; ++i) logger(writer, "c").info("line");
    }
    ::close(reader);
    std::filesystem::remove(path);
}

TEST_CASE("a reader that has gone costs the lines, and not the program", "[log]") {
    const auto path = scratch();
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
    log_settings s("gateway");
    s.file = path;
    log_writer writer(s);
    ::close(reader);
    logger(writer, "c").info("line");
    writer.flush();
    REQUIRE(writer.dropped() == 1);
    std::filesystem::remove(path);
}

TEST_CASE("a full disk loses lines, and counts them", "[log]") {
    log_settings s("gateway");
    s.file = "/dev/full";
    log_writer writer(s);
    logger(writer, "c").info("line");
    writer.flush();
    REQUIRE(writer.dropped() == 1);
}

TEST_CASE("a file that can not be opened is told with its name", "[log]") {
    log_settings s("gateway");
    s.file = "/nowhere/log";
    REQUIRE_THROWS_WITH(log_writer(s), Catch::Contains("/nowhere/log can not be opened"));
}

TEST_CASE("lines of several threads are whole, and flush waits for them", "[log]") {
    log_file f;
    f.settings.repeats_a_second = 0;
    f.settings.most_waiting = std::size_t{1} << 24U;
    log_writer writer(f.settings);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&writer, t] {
            const logger log(writer, "c" + std::to_string(t));
            for (int i = 0; i < 2000; ++i) log.info("line", {{"i", i}});
        });
    for (auto& t : threads) t.join();
    writer.flush();
    const auto lines = f.lines();
    REQUIRE(lines.size() == 8000);
    std::map<std::string, std::int64_t> next;
    for (const auto& l : lines)
        REQUIRE(find(l, "metadata")->as_object().at("i") == next[text_member(l, "component")]++);
}
