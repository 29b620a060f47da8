// The pieces of code in docs/gateway.md, at work.

#include <rtai/core/inherited.hpp>
#include <rtai/core/join.hpp>
#include <rtai/gateway.hpp>
#include <rtai/gateway/serve.hpp>
#include <rtai/graph/generated.hpp>
#include <rtai/http/message.hpp>
#include <rtai/observe/dependencies.hpp>
#include <rtai/service/host.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/co_test.hpp"

using namespace rtai;

namespace {

// [pipeline]
struct parrot {
    struct options {
        std::string before = "you said: ";
        RTAI_DESCRIBE(options, before)
    };
    explicit parrot(options o) : options_(std::move(o)) {}

    input<audio> mic;
    input<text> typed;
    output<audio> speaker;
    output<text> said;
    RTAI_DESCRIBE(parrot, mic, typed, speaker, said)

    task<> run() {
        co_await join(hand_on(mic, speaker), repeat_words());
        disconnect(*this);  // the end of what it says
    }

private:
    task<> repeat_words() {
        while (auto t = co_await typed.receive()) {
            text answer(options_.before + t->words);
            if (!co_await said.send(std::move(answer))) co_return;
        }
    }

    options options_;
};

/// Which port of a session is which of the pipeline's, and the sound that the pipeline wants.
struct wire_parrot {
    void operator()(service::conversation& session, parrot& p) const {
        wire(session.audio_in, p.mic, audio_format(16'000));
        wire(session.text_in, p.typed);
        wire<block>(p.speaker, session.audio_out, audio_format(16'000));
        wire<block>(p.said, session.text_out["said"]);
    }
};
// [/pipeline]

// [depends]
struct oracle {
    struct options {
        std::string url = "https://oracle.example";
        RTAI_DESCRIBE(options, url)
        void depends_on(observe::needs& on) const { on.address(http::shown_url(url)); }
    };
    explicit oracle(options o) : options_(std::move(o)) {}

    input<text> in;
    output<text> out;
    RTAI_DESCRIBE(oracle, in, out)

    task<> run() {
        auto* tell = co_await inherited<observe::dependencies>();  // null where nobody wants to know
        while (auto question = co_await in.receive()) {
            auto answer = co_await ask(question->words);
            if (tell != nullptr) tell->fared(http::shown_url(options_.url), answer, now());
            if (!answer) continue;
            const bool taken = co_await out.send(std::move(*answer));
            if (!taken) co_return;
        }
    }

private:
    static task<result<text>> ask(std::string words) { co_return text("perhaps " + words); }

    options options_;
};
// [/depends]

// [serve]
task<> serve_parrot(service::host& h) {
    service::gateway::options o;
    o.listen.http.emplace();
    o.listen.http->port.number = 8080;
    o.listen.websocket.emplace();
    o.listen.grpc.emplace();
    return service::gateway::serve<parrot>(h, "parrot", std::move(o), parrot::options(), wire_parrot());
}
// [/serve]

// [local]
task<gateway::ending> talk_to(gateway::local_connection& client) {
    gateway::session_list sessions(1);
    auto place = sessions.add(gateway::make_session_id(), "somebody", "local", "parrot");
    gateway::watcher nobody;  // derive from it to hear what sessions do
    event stopping;           // set it to drain
    parrot::options with;
    auto why = co_await gateway::converse<parrot>(client, *place, nobody, stopping,
                                                  gateway::conversation_limits(), with, wire_parrot());
    co_return why;
}

task<std::string> ask(gateway::local_connection& client, std::string words) {
    text question(std::move(words));
    const bool taken = co_await client.say(std::move(question));
    client.finish();
    std::string answer;
    while (auto told = co_await client.heard())
        if (const auto* c = std::get_if<gateway::caption>(&*told)) answer += c->words.words;
    co_return taken ? answer : "(the session has ended)";
}
// [/local]

}  // namespace

CO_TEST("a session in the program answers, and ends when its client has no more to say", "[gateway]") {
    gateway::local_connection client;
    auto [why, answer] = co_await join(talk_to(client), ask(client, "good day"));
    REQUIRE(answer == "you said: good day");
    REQUIRE(why == gateway::ending::done);
    REQUIRE(client.ended() == gateway::ending::done);
}

CO_TEST("a service with a hand-written pipeline can be dropped before it serves", "[gateway]") {
    co_await with_scope([](scope& s) -> task<> {
        service::host h(s, 1, [](std::string_view) { return false; });
        h.start("parrot", serve_parrot(h));
        co_return;
    });
}
