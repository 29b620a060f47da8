#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <rtai/ai/llm/openai.hpp>
#include <rtai/core/join.hpp>
#include <string>
#include <vector>

#include "http/fake_server.hpp"

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;

namespace {

/// A chunk of a stream with these words.
std::string words_event(std::string_view words) {
    return "data: " +
           json::serialize(
               json::object{{"choices", json::array{json::object{{"index", 0},
                                                                 {"delta", json::object{{"content", words}}},
                                                                 {"finish_reason", nullptr}}}}}) +
           "\n\n";
}
std::string data_event(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }
std::string delta(std::string_view delta) {
    return data_event(R"({"choices":[{"index":0,"delta":)" + std::string(delta) + "}]}");
}
std::string end_of(std::string_view why = "stop") {
    return data_event(R"({"choices":[{"index":0,"delta":{},"finish_reason":")" + std::string(why) + "\"}]}") +
           data_event("[DONE]");
}

fake_answer stream(const std::string& body, std::string_view type = "text/event-stream") {
    return fake_answer().send(chunked_head(type) + chunk(body) + last_chunk);
}
fake_answer fine() { return stream(words_event("All ") + words_event("is well.") + end_of()); }

struct said {
    std::string words;
    int pieces = 0;
    result<llm::reply> end = error(std::errc::interrupted);
    std::string wrong() const { return end.ok() ? "no error" : end.error().text; }
    bool is_fine() const { return end.ok() && words == "All is well."; }
};

task<> take(receiver<std::string> in, said& into) {
    while (auto piece = co_await in.receive()) {
        into.words += *piece;
        ++into.pieces;
    }
}

llm::request question(std::string words = "How is it?") {
    llm::request r;
    r.messages.emplace_back(llm::role::user, std::move(words));
    return r;
}

task<said> ask(llm::openai_model& m, llm::request r = question()) {
    said s;
    channel<std::string> pieces(4);
    auto asking = m.ask(std::move(r), pieces.sender());
    auto taking = take(pieces.receiver(), s);
    auto both = co_await join(std::move(asking), std::move(taking));
    s.end = std::get<0>(std::move(both));
    co_return s;
}

llm::openai_options options_for(const fake_server& s) {
    llm::openai_options o;
    o.url = s.url("/v1");
    o.model = "small";
    o.key = secret("sk-very-secret-1234");
    o.retries = 0;
    return o;
}

/// What a server answers first, and then that all is well; what is said of the first.
struct trial {
    said first;
    int requests = 0, hung_up = 0, connections = 0;
};
trial try_first(fake_answer first, llm::openai_options change = {}, bool changed = false) {
    trial t;
    auto asked = std::make_shared<int>(0);
    with_server([&, asked](const fake_request&) { return (*asked)++ == 0 ? first : fine(); },
                [&](fake_server& s) -> task<> {
                    auto o = changed ? change : options_for(s);
                    o.url = s.url("/v1");
                    llm::openai_model m(o);
                    t.first = co_await ask(m);
                    t.requests = static_cast<int>(s.requests.size());
                    const auto next = co_await ask(m);
                    t.hung_up = s.hung_up;
                    t.connections = s.connections;
                    INFO(next.wrong());
                    REQUIRE(next.is_fine());
                });
    INFO(t.first.wrong());
    REQUIRE(t.first.wrong().find("sk-very") == std::string::npos);
    return t;
}

llm::openai_options quick() {
    llm::openai_options o;
    o.key = secret("sk-very-secret-1234");
    o.retries = 0;
    o.first_token_timeout = 250ms;
    o.idle_timeout = 250ms;
    return o;
}

bool has(const std::string& all, std::string_view part) { return all.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a question is streamed, and the words come in pieces", "[openai]") {
    with_server(
        [](const fake_request&) {
            return stream(": hello\n\n" + delta(R"({"role":"assistant","content":null})") +
                          words_event("Sun") + words_event("ny") + delta(R"({"content":""})") +
                          data_event(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})") +
                          data_event(R"({"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}})") +
                          data_event("[DONE]"));
        },
        [](fake_server& s) -> task<> {
            auto o = options_for(s);
            o.temperature = 0.5;
            o.max_tokens = 99;
            o.headers["X-Team"] = "voice";
            o.extra = R"({"enable_thinking": false})";
            llm::openai_model m(o);
            const auto got = co_await ask(m);
            INFO(got.wrong());
            REQUIRE(got.end.ok());
            REQUIRE(got.words == "Sunny");
            REQUIRE(got.end->finish == "stop");
            REQUIRE(got.end->usage.prompt_tokens == 12);
            REQUIRE(got.end->usage.answer_tokens == 3);
            const auto& r = s.requests[0];
            REQUIRE(r.has("POST /v1/chat/completions HTTP"));
            REQUIRE(r.has("Authorization: Bearer sk-very-secret-1234\r\n"));
            REQUIRE(r.has("X-Team: voice\r\n"));
            const auto body = parse_json(r.body);
            REQUIRE(body.ok());
            REQUIRE(body->at("model") == "small");
            REQUIRE(body->at("stream") == true);
            REQUIRE(body->at("stream_options").at("include_usage") == true);
            REQUIRE(body->at("temperature") == 0.5);
            REQUIRE(body->at("max_tokens") == 99);
            REQUIRE(body->at("enable_thinking") == false);
            REQUIRE(body->at("messages") == json::value({{{"role", "user"}, {"content", "How is it?"}}}));
            (void)co_await ask(m);
            REQUIRE(s.connections == 1);
        });
}

TEST_CASE("everything of a conversation is told: instructions, pictures, calls, results, tools", "[openai]") {
    llm::request r;
    r.messages.emplace_back(llm::role::system, "Be brief.");
    r.messages.emplace_back(llm::role::user, "What is this?");
    r.messages.back().images.push_back("data:image/png;base64,AAAA");
    r.messages.emplace_back(llm::role::assistant, "");
    llm::tool_call c;
    c.id = "call_1";
    c.name = "weather";
    c.arguments = R"({"city":"Oslo"})";
    r.messages.back().calls.push_back(c);
    r.messages.emplace_back(llm::role::tool, "sunny");
    r.messages.back().call = "call_1";
    llm::tool_card card;
    card.name = "weather";
    card.about = "The weather of a city.";
    card.parameters = R"({"type":"object","properties":{"city":{"type":"string"}}})";
    r.tools.push_back(card);
    const auto body = llm::detail::chat_request(r, {});
    REQUIRE(body.ok());
    const auto v = *parse_json(*body);
    const auto& m = v.at("messages").as_array();
    REQUIRE(m.at(0) == json::value({{"role", "system"}, {"content", "Be brief."}}));
    REQUIRE(m.at(1).at("content").at(0) == json::value({{"type", "text"}, {"text", "What is this?"}}));
    REQUIRE(m.at(1).at("content").at(1).at("image_url").at("url") == "data:image/png;base64,AAAA");
    REQUIRE(m.at(2).at("content").is_null());
    REQUIRE(m.at(2).at("tool_calls").at(0).at("function").at("arguments") == R"({"city":"Oslo"})");
    REQUIRE(m.at(3) == json::value({{"role", "tool"}, {"content", "sunny"}, {"tool_call_id", "call_1"}}));
    REQUIRE(v.at("tools").at(0).at("function").at("parameters").at("type") == "object");
    REQUIRE_FALSE(v.as_object().contains("max_tokens"));
    r.tools[0].parameters = "{";
    REQUIRE_FALSE(llm::detail::chat_request(r, {}).ok());
}

TEST_CASE("the stream may be cut anywhere, also inside of a character", "[openai]") {
    const std::string body = words_event("\xC3\xA9t\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8C\x9E") + end_of();
    with_server(
        [&](const fake_request&) {
            auto a = fake_answer().send(chunked_head());
            for (const char c : body) a.add(chunk(std::string(1, c)));
            return std::move(a).send(last_chunk);
        },
        [](fake_server& s) -> task<> {
            llm::openai_model m(options_for(s));
            const auto got = co_await ask(m);
            REQUIRE(got.end.ok());
            REQUIRE(got.words == "\xC3\xA9t\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8C\x9E");
        });
}

TEST_CASE("calls of tools come whole or in pieces, numbered or not", "[openai]") {
    const auto calls_of = [](const std::string& body) {
        std::string all;
        llm::detail::chat_reader reader;
        REQUIRE(reader.feed(body).ok());
        REQUIRE(reader.finish().ok());
        for (const auto& c : reader.take_reply().calls) all += c.id + " " + c.name + " " + c.arguments + ";";
        return all;
    };
    const std::string end = end_of("tool_calls");
    // OpenAI: the pieces by index.
    REQUIRE(
        calls_of(
            delta(
                R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})") +
            delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]})") +
            delta(R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]})") +
            delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]})") + end) ==
        R"(a f {"x":1};b g {};)");
    // Whole calls without number or id.
    REQUIRE(
        calls_of(
            delta(
                R"({"tool_calls":[{"function":{"name":"f","arguments":"{}"}},{"function":{"name":"f","arguments":{"y":2}}}]})") +
            end) == R"( f {}; f {"y":2};)");
    // All of them with the number 0, as Gemini's compatible address does.
    REQUIRE(
        calls_of(delta(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})") +
                 delta(R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}]})") +
                 end) == "a f {};b g {};");
    // Without numbers, in pieces; the id repeated; no arguments at all.
    REQUIRE(calls_of(delta(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]})") +
                     delta(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"}"}}]})") +
                     delta(R"({"tool_calls":[{"id":"b","function":{"name":"g","arguments":null}}]})") +
                     end) == "a f {};b g {};");
    // Nonsense beside them.
    REQUIRE(calls_of(delta(R"({"tool_calls":[null, 3, {}, {"function":null}, {"function":{"name":"f"}}]})") +
                     end) == " f {};");
}

TEST_CASE("what servers leave out or do otherwise is no mistake", "[openai]") {
    const auto words_of = [](const std::string& body) {
        llm::detail::chat_reader reader;
        const auto fed = reader.feed(body);
        INFO((fed.ok() ? std::string() : fed.error().text));
        REQUIRE(fed.ok());
        const auto ended = reader.finish();
        INFO((ended.ok() ? std::string() : ended.error().text));
        REQUIRE(ended.ok());
        return reader.take_words();
    };
    // No [DONE]; no finish_reason; no empty line at the end; no space after the colon.
    REQUIRE(words_of(words_event("a") + data_event(R"({"choices":[{"finish_reason":"stop"}]})")) == "a");
    REQUIRE(words_of(words_event("a") + "data: [DONE]") == "a");
    REQUIRE(
        words_of("data:{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"eos\"}]}\r\n\r\n") ==
        "a");
    // Thoughts are not spoken; parts are; a refusal is.
    REQUIRE(words_of(delta(R"({"reasoning_content":"hm","content":null})") + delta(R"({"reasoning":"hm"})") +
                     words_event("a") + end_of()) == "a");
    REQUIRE(words_of(delta(R"({"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})") +
                     end_of()) == "ab");
    REQUIRE(words_of(delta(R"({"refusal":"No."})") + end_of()) == "No.");
    // Events of another kind.
    REQUIRE(words_of(data_event("{}") + data_event(R"({"choices":null})") + data_event(R"({"choices":[]})") +
                     data_event(R"({"choices":[null]})") + data_event("[]") + data_event("3") +
                     data_event(" ") + words_event("a") + end_of()) == "a");
    // One JSON instead of a stream.
    REQUIRE(
        words_of(" \n{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"finish_reason\":"
                 "\"stop\"}],\"usage\":{\"prompt_tokens\":1}}") == "a");
}

TEST_CASE("an answer that is none is told with the server's own words, and without the key", "[openai]") {
    auto t = try_first(whole(
        401,
        R"({"error":{"message":"Incorrect API key provided: sk-very-secret-1234 (sk-ve**********1234).","code":"invalid_api_key"}})"));
    REQUIRE(t.first.end.error().code == std::errc::permission_denied);
    REQUIRE(has(t.first.wrong(), "/v1/chat/completions: status 401: Incorrect API key provided: ********"));
    REQUIRE_FALSE(has(t.first.wrong(), "1234"));
    REQUIRE(t.requests == 1);
    t = try_first(whole(404, R"({"error":"model 'small' not found, try pulling it first"})"));
    REQUIRE(has(t.first.wrong(), "status 404: model 'small' not found, try pulling it first"));
    t = try_first(whole(422, R"({"detail":[{"loc":["body"],"msg":"field required"}]})"));
    REQUIRE(has(t.first.wrong(), R"(status 422: [{"loc":["body"],"msg":"field required"}])"));
    t = try_first(whole(400, R"({"object":"error","message":"too long","code":400})"));
    REQUIRE(has(t.first.wrong(), "status 400: too long"));
    t = try_first(whole(400, R"([{"error":{"code":400,"message":"from Gemini"}}])"));
    REQUIRE(has(t.first.wrong(), "status 400: from Gemini"));
    t = try_first(whole(503, "<html><body>down</body></html>", "text/html"));
    REQUIRE(t.first.wrong().ends_with("status 503"));
    t = try_first(whole(500, "out of memory\n", "text/plain"));
    REQUIRE(t.first.wrong().ends_with("status 500: out of memory"));
    t = try_first(whole(307, "", "text/plain", "Location: http://127.0.0.1:1/\r\n"));
    REQUIRE(t.first.wrong().ends_with("status 307"));
}

TEST_CASE("a stream that breaks is told, and the next request works", "[openai]") {
    auto t = try_first(stream(words_event("Well, ") + data_event("{\"choices\": [{\"del")));
    REQUIRE(t.first.words == "Well, ");
    REQUIRE(has(t.first.wrong(), "no JSON at line 1, column "));
    t = try_first(
        stream(words_event("Well, ") + data_event(R"({"error":{"message":"overloaded","code":529}})")));
    REQUIRE(has(t.first.wrong(), "/v1/chat/completions: overloaded"));
    t = try_first(stream(words_event("Well, ")));
    REQUIRE(has(t.first.wrong(), "the answer ends in the middle"));
    t = try_first(fake_answer().send(chunked_head() + chunk(words_event("Well, "))).cut());
    REQUIRE(t.first.words == "Well, ");
    REQUIRE(t.first.end.error().code == std::errc::connection_reset);
    t = try_first(stream(""));
    REQUIRE(has(t.first.wrong(), "the answer is empty"));
    t = try_first(whole(200, "<!doctype html><p>Welcome to the Wi-Fi", "text/html"));
    REQUIRE(has(t.first.wrong(), "this is a page for people"));
    t = try_first(whole(200, "hello", "text/plain"));
    REQUIRE(has(t.first.wrong(), "the answer is empty"));
    t = try_first(whole(200, "{\"choices\":"));
    REQUIRE(has(t.first.wrong(), "no JSON at line 1"));
    t = try_first(fake_answer().cut());
    REQUIRE(t.first.end.error().code == std::errc::connection_reset);
    t = try_first(stream("data: " + std::string(10'000'000, 'x') + "\n\n"));
    REQUIRE(has(t.first.wrong(), "an event of the stream is longer than 1048576 bytes"));
}

TEST_CASE("a whole answer instead of a stream is taken, whatever it is called", "[openai]") {
    const auto t = try_first(whole(
        200,
        R"({"choices":[{"message":{"content":"Hi.","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":5,"completion_tokens":2}})",
        "application/octet-stream"));
    REQUIRE(t.first.end.ok());
    REQUIRE(t.first.words == "Hi.");
    REQUIRE(t.first.end->calls.size() == 1);
    REQUIRE(t.first.end->usage.answer_tokens == 2);
}

TEST_CASE("a server that stalls is given up, before the first word and after it", "[openai]") {
    auto t = try_first(fake_answer().stall(), quick(), true);
    REQUIRE(t.first.end.error().code == std::errc::timed_out);
    REQUIRE(t.first.wrong().ends_with(": the answer did not begin within 250ms"));
    REQUIRE(t.hung_up == 1);
    t = try_first(fake_answer().send(chunked_head()).stall(), quick(), true);
    REQUIRE(t.first.wrong().ends_with(": the answer did not begin within 250ms"));
    t = try_first(fake_answer().send(chunked_head() + chunk(words_event("Well, "))).stall(), quick(), true);
    REQUIRE(t.first.words == "Well, ");
    REQUIRE(t.first.wrong().ends_with(": the answer did not go on for 250ms"));
    REQUIRE(t.hung_up == 1);
    // Comments keep the connection alive, but are no answer.
    auto alive = fake_answer().send(chunked_head() + chunk(words_event("Well, ")));
    for (int i = 0; i < 20; ++i) {
        alive.add(chunk(": still here\n\n"));
        alive.add(50ms);
    }
    t = try_first(alive, quick(), true);
    REQUIRE(t.first.wrong().ends_with(": the answer did not go on for 250ms"));
    // Done, though the server does not hang up.
    t = try_first(fake_answer().send(chunked_head() + chunk(words_event("Well.") + end_of())).stall());
    REQUIRE(t.first.end.ok());
    REQUIRE(t.first.words == "Well.");
}

TEST_CASE("thinking aloud is not silence", "[openai]") {
    auto slow = fake_answer().send(chunked_head());
    for (int i = 0; i < 8; ++i) {
        slow.add(chunk(delta(R"({"reasoning_content":"hm"})")));
        slow.add(50ms);
    }
    const auto t =
        try_first(std::move(slow).send(chunk(words_event("Yes.") + end_of()) + last_chunk), quick(), true);
    INFO(t.first.wrong());
    REQUIRE(t.first.end.ok());
    REQUIRE(t.first.words == "Yes.");
}

TEST_CASE("what may help is tried again, and what can not help is not", "[openai]") {
    const auto tries = [](std::vector<fake_answer> answers, said& got, std::uint32_t retries = 2) {
        std::size_t asked = 0;
        with_server(
            [&](const fake_request&) {
                return asked < answers.size() ? answers[asked++] : (++asked, fine());
            },
            [&](fake_server& s) -> task<> {
                auto o = options_for(s);
                o.retries = retries;
                llm::openai_model m(o);
                got = co_await ask(m);
            });
        return asked;
    };
    said got;
    REQUIRE(tries({whole(500, "{}"), whole(502, "<html>")}, got) == 3);
    REQUIRE(got.is_fine());
    REQUIRE(tries({fake_answer().cut()}, got) == 2);
    REQUIRE(got.is_fine());
    REQUIRE(tries({whole(429, "{}", "a/b", "Retry-After: 0\r\n")}, got) == 2);
    REQUIRE(got.is_fine());
    REQUIRE(tries({whole(500, "{}"), whole(500, "{}"), whole(500, "{\"error\":\"the third\"}")}, got) == 3);
    REQUIRE(has(got.wrong(), "status 500: the third"));
    REQUIRE(tries({whole(401, "{}")}, got) == 1);
    REQUIRE_FALSE(got.end.ok());
    REQUIRE(tries({whole(429, R"({"error":{"message":"You have no money.","code":"insufficient_quota"}})")},
                  got) == 1);
    REQUIRE(has(got.wrong(), "You have no money."));
    // Somebody has heard the beginning.
    REQUIRE(tries({fake_answer().send(chunked_head() + chunk(words_event("Well, "))).cut()}, got) == 1);
    REQUIRE_FALSE(got.end.ok());
    REQUIRE(got.words == "Well, ");
}

TEST_CASE("a server that wants to be left alone is, by the next request too", "[openai]") {
    with_server(
        [n = 0](const fake_request&) mutable {
            if (n++ == 0)
                return whole(429, R"({"error":{"message":"Slow down."}})", "a/b", "Retry-After: 3600\r\n");
            if (n == 2) return whole(429, "{}", "a/b", "Retry-After-Ms: 150\r\n");
            return fine();
        },
        [](fake_server& s) -> task<> {
            auto o = options_for(s);
            o.retries = 2;
            llm::openai_model m(o);
            const auto first = co_await ask(m);
            REQUIRE(first.end.error().code == std::errc::resource_unavailable_try_again);
            REQUIRE(has(first.wrong(), "status 429: Slow down.; there is no time for another try in 1m"));
            const auto second = co_await ask(m);
            REQUIRE(has(second.wrong(), ": it wants to be left alone for "));
            REQUIRE(s.requests.size() == 1);
            llm::openai_model other(o);
            const auto before = now();
            const auto third = co_await ask(other);
            REQUIRE(third.is_fine());
            REQUIRE(now() - before >= 150ms);
        });
}

TEST_CASE("the query of an address stays behind the path of a chat, and is not told", "[openai]") {
    with_server([n = 0](const fake_request&) mutable { return n++ == 0 ? fine() : whole(404, "{}"); },
                [](fake_server& s) -> task<> {
                    auto o = options_for(s);
                    o.url = s.url("/v1/?api-version=7");
                    llm::openai_model m(o);
                    const auto got = co_await ask(m);
                    REQUIRE(got.is_fine());
                    REQUIRE(s.requests.at(0).has("POST /v1/chat/completions?api-version=7 HTTP"));
                    const auto refused = co_await ask(m);
                    REQUIRE(has(refused.wrong(), "/v1/chat/completions: status 404"));
                });
}

TEST_CASE("nobody there is told at once", "[openai]") {
    with_server([](const fake_request&) { return fine(); },
                [](fake_server&) -> task<> {
                    asio::ip::tcp::acceptor closed(io_context(), {asio::ip::address_v4::loopback(), 0});
                    llm::openai_options o;
                    o.url = "http://127.0.0.1:" + std::to_string(closed.local_endpoint().port());
                    closed.close();
                    o.retries = 1;
                    llm::openai_model m(o);
                    const auto got = co_await ask(m);
                    REQUIRE(got.end.error().code == std::errc::connection_refused);
                    REQUIRE(has(got.wrong(), o.url + "/chat/completions: "));
                });
}

TEST_CASE("giving up an answer in the middle closes its connection", "[openai]") {
    with_server(
        [](const fake_request&) {
            return fake_answer().send(chunked_head() + chunk(words_event("Once "))).stall();
        },
        [](fake_server& s) -> task<> {
            llm::openai_model m(options_for(s));
            const auto gave_up = co_await with_timeout(50ms, ask(m));
            REQUIRE_FALSE(gave_up.ok());
            co_await s.hang_up.wait();
            // Or nobody listens any more.
            s.hang_up.reset();
            channel<std::string> pieces(1);
            auto listener = pieces.receiver();
            auto asking = m.ask(question(), pieces.sender());
            auto one = listener.receive();
            listener.reset();
            (void)one;
            const auto end = co_await std::move(asking);
            REQUIRE_FALSE(end.ok());
            REQUIRE(end.error().code == std::errc::operation_canceled);
            co_await s.hang_up.wait();
            REQUIRE(s.hung_up == 2);
        });
}

TEST_CASE("with which options it can work is known before it begins", "[openai]") {
    const auto told = [](const llm::openai_options& o) {
        const auto good = llm::openai::available(o);
        return good.ok() ? std::string("fine") : good.error().text;
    };
    llm::openai_options o;
    REQUIRE(has(told(o), "llm.openai has no 'key', which api.openai.com needs"));
    o.key = secret("k");
    REQUIRE(told(o) == "fine");
    o.url = "";
    REQUIRE(has(told(o), "llm.openai has no 'url'"));
    o.key = secret();
    o.url = "http://127.0.0.1:8000/v1";
    REQUIRE(told(o) == "fine");
    o.url = "localhost:8000";
    REQUIRE(has(told(o), "begins with http:// or https://"));
    o.url = "https://api.openai.com.example.org/v1";
    REQUIRE(told(o) == "fine");
    o.tools = {"no_such_tool"};
    REQUIRE(has(told(o), "no_such_tool"));
    o.tools.clear();
    o.extra = "[1]";
    REQUIRE(told(o) == "'extra' of llm.openai is no JSON object");
}

TEST_CASE("the element answers a question, and tells when its server is down", "[openai]") {
    with_server(
        [n = 0](const fake_request&) mutable {
            return n++ == 0 ? whole(500, R"({"error":"out of order"})") : fine();
        },
        [](fake_server& s) -> task<> {
            auto o = options_for(s);
            o.instructions = "Be brief.";
            o.on_failure = "Sorry.";
            llm::openai element(o);
            channel<text> asked(4), answered(64);
            channel<moment> told(64);
            element.in.connect(asked.receiver());
            element.out.connect(answered.sender());
            element.events.connect(told.sender());
            auto questions = asked.sender();
            auto answers = answered.receiver();
            auto moments = told.receiver();
            const auto converse = [&]() -> task<> {
                for (const std::string expected : {"Sorry.", "All is well."}) {
                    text q("How is it?");
                    const bool sent = co_await questions.send(std::move(q));
                    REQUIRE(sent);
                    std::string words;
                    while (auto piece = co_await answers.receive()) {
                        words += piece->words;
                        if (piece->final) break;
                    }
                    REQUIRE(words == expected);
                }
                questions.reset();
            };
            co_await join(element.run(), converse());
            bool failed = false;
            while (auto m = moments.try_receive())
                if (m->what == what::failure) failed = has(m->detail, "status 500: out of order");
            REQUIRE(failed);
            const auto body = parse_json(s.requests[1].body);
            REQUIRE(body.ok());
            REQUIRE(body->at("messages").at(0).at("content") == "Be brief.");
        });
}

TEST_CASE("whoever runs a model is told how its server fared", "[openai]") {
    auto asked = std::make_shared<int>(0);
    with_server(
        [asked](const fake_request&) {
            return (*asked)++ == 0 ? whole(503, "<html><body>down</body></html>", "text/html") : fine();
        },
        [](fake_server& s) -> task<> {
            const auto o = options_for(s);
            observe::needs needs;
            needs.name = "llm";
            o.depends_on(needs);
            REQUIRE(needs.all.size() == 1);
            REQUIRE(needs.all.front().place == s.url("/v1/chat/completions"));
            observe::dependencies who;
            who.add(needs.all.front());
            llm::openai_model m(o);
            auto first = co_await with_inherited(who, ask(m));
            REQUIRE_FALSE(first.end.ok());
            const auto failed = who.look(now()).front();
            REQUIRE(failed.ok == false);
            REQUIRE(has(failed.failure, "status 503"));
            REQUIRE_FALSE(has(failed.failure, "sk-very"));
            auto second = co_await with_inherited(who, ask(m));
            REQUIRE(second.is_fine());
            REQUIRE(who.look(now()).front().ok == true);
        });
}
