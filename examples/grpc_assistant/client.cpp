#include "loudspeaker.hpp"
#include "options.hpp"

#include <poll.h>
#include <streamingai/v1/streaming_ai.grpc.pb.h>
#include <unistd.h>

#include <array>
#include <asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <rtai/core.hpp>
#include <rtai/data/json.hpp>
#include <rtai/media/convert.hpp>
#include <rtai/media/wav.hpp>
#include <rtai/rpc/channel_pool.hpp>
#include <rtai/rpc/reconnecting.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace rtai;
using namespace std::chrono_literals;
namespace ai = streamingai::v1;

namespace {

/// Of a text from outside, what a terminal may be told.
std::string shown(std::string_view text) {
    std::string safe(text);
    for (char& c : safe)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return safe;
}

double milliseconds(duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

class conversation {
public:
    explicit conversation(const client_options& o)
        : options_(o), speaker_(o.save, o.play), to_server_(outgoing_.sender()) {}

    /// What the program ends with.
    task<int> run() {
        rpc::channel_options to;
        to.address = options_.server;
        to.tls.use = options_.tls;
        to.tls.authority = options_.tls_authority;
        rpc::channel_pool pool(to);
        const auto stub = pool.stub<ai::StreamingAIService>();
        auto ended = co_await join(play(), talk(*stub));
        co_return std::get<1>(std::move(ended));
    }

private:
    using messages = std::vector<ai::StreamMessage>;

    task<> play() {
        if (options_.play) co_await speaker_.play();
    }

    task<int> talk(ai::StreamingAIService::Stub& stub) {
        auto first = co_await race(join(keep_connected(stub), hear(incoming_.receiver())), say(),
                                   until_interrupted(), until_nobody_answers());
        speaker_.finish();
        if (first.index() == 2) {
            std::puts("you left");
            co_return 0;  // dropping the call tells the server
        }
        if (first.index() == 3)
            complain("nothing came back from " + options_.server + " for 10 s: is it a voice assistant?");
        else if (!end_) complain(explained(end_.error()));
        tell_all();
        co_return first.index() == 0 && end_ && !broken_ ? 0 : 1;
    }

    // --- The connection ----------------------------------------------------------------------------------

    task<> keep_connected(ai::StreamingAIService::Stub& stub) {
        rpc::reconnect_options<ai::StreamMessage> how;
        if (!options_.key.empty()) how.call.headers.emplace("x-api-key", options_.key.reveal());
        if (!options_.token.empty())
            how.call.headers.emplace("authorization", "Bearer " + options_.token.reveal());
        how.attempts = 10;
        how.resume = [](std::size_t) { return messages{wishes()}; };
        how.changed = [this](rpc::link_state s, const error* why) { changed(s, why); };
        // Who was never there is not waited for.
        how.final = [this, hopeless = how.final](const error& e) {
            return !connected_before_ || hopeless(e);
        };
        auto ended =
            co_await rpc::keep_open(stub, &ai::StreamingAIService::Stub::PrepareAsyncBiDirectionalStreaming,
                                    outgoing_.receiver(), incoming_.sender(), std::move(how));
        end_ = std::move(ended);
    }

    /// How the client wants things to be.
    static ai::StreamMessage wishes() {
        ai::StreamMessage hello;
        hello.set_type(ai::MESSAGE_TYPE_CONTROL);
        hello.mutable_control()->set_control_type(ai::CONTROL_TYPE_CONFIG);
        (*hello.mutable_control()->mutable_config()->mutable_settings())["play.codec"] = "pcm";
        return hello;
    }

    void changed(rpc::link_state s, const error* why) {
        if (s == rpc::link_state::up) {
            if (!std::exchange(connected_before_, true)) begun_ = now();
            session_begun_ = now();
            connected_.set();
        } else if (s == rpc::link_state::waiting && connected_.is_set()) {
            // The server knows nothing of what was asked before: the next question is for another session.
            connected_.reset();
            speaker_.hush();
            asked_at_ = time_point();
            state_ = "listening";
            turn_over_.set();
            note("the connection is lost (" + shown(why->text) +
                 "), and with it what was being said; trying again");
        }
    }

    task<> until_nobody_answers() {
        auto came = co_await with_timeout(10s, connected_.wait());
        if (!came.ok()) co_return;
        event never;
        co_await never.wait();
    }

    // --- What is said ------------------------------------------------------------------------------------

    task<> say() {
        co_await connected_.wait();
        if (!options_.wav.empty()) co_await say_recording();
        else if (options_.typed()) co_await say_typed();
        else
            for (const auto& words : options_.texts) {
                turn_over_.reset();
                co_await say_words(words);
                co_await turn_over_.wait();
            }
        to_server_.reset();  // the server answers what it has heard, and ends the call
        event never;
        co_await never.wait();
    }

    task<> say_words(std::string words) {
        ai::StreamMessage m;
        m.set_type(ai::MESSAGE_TYPE_TEXT);
        m.mutable_text()->set_data(std::move(words));
        m.mutable_text()->set_text_type("plain");
        asked_at_ = now();
        const bool sent = co_await to_server_.send(std::move(m));
        (void)sent;  // if not, there is nothing more to hear either
    }

    /// 20 ms every 20 ms, as a microphone would. While nobody hears it, it waits.
    task<> say_recording() {
        auto file = sound_reader::open(options_.wav).value();
        converter to_wire{audio_format(16'000)};
        time_point due = now();
        for (;;) {
            auto piece = file.read(file.format().frames_in(20ms)).value();
            if (piece.frames() == 0) break;
            if (!connected_.is_set()) {
                co_await connected_.wait();
                due = now();
            }
            due += piece.time();
            const audio sound = to_wire.convert(std::move(piece));
            ai::StreamMessage m;
            m.set_type(ai::MESSAGE_TYPE_AUDIO);
            auto& frame = *m.mutable_audio();
            const auto bytes = sound.bytes();
            frame.set_data(bytes.data(), bytes.size());
            frame.set_sample_rate(16'000);
            frame.set_channels(1);
            frame.set_media_type("audio/x-raw");
            frame.set_codec("pcm");
            const bool sent = co_await to_server_.send(std::move(m));
            if (!sent) co_return;
            co_await sleep_until(due);
        }
        note("the recording is over");
    }

    task<> say_typed() {
        note("type, and end with Ctrl-D");
        std::string typed;
        for (;;) {
            auto more = co_await offload(background(), [](const stop_flag& stop) { return keyboard(stop); });
            if (!more.ok() || more->empty()) break;
            typed += *more;
            for (auto end = typed.find('\n'); end != std::string::npos; end = typed.find('\n')) {
                std::string line = typed.substr(0, end);
                typed.erase(0, end + 1);
                if (!line.empty()) co_await say_words(std::move(line));
            }
        }
        if (!typed.empty()) co_await say_words(std::move(typed));
    }

    /// What was typed since; empty at the end, or when nobody waits for it.
    static std::string keyboard(const stop_flag& stop) {
        std::array<char, 4096> some{};
        while (!stop.requested()) {
            pollfd ready{STDIN_FILENO, POLLIN, 0};
            if (poll(&ready, 1, 100) <= 0) continue;
            const auto got = ::read(STDIN_FILENO, some.data(), some.size());
            return got > 0 ? std::string(some.data(), static_cast<std::size_t>(got)) : std::string();
        }
        return {};
    }

    // --- What is heard -----------------------------------------------------------------------------------

    task<> hear(receiver<ai::StreamMessage> from) {
        while (auto m = co_await from.receive()) take(*m);
    }

    /// Of what was heard there are guesses first; what is said comes sentence by sentence.
    void take(const ai::StreamMessage& m) {
        if (m.has_audio()) take_sound(m.audio());
        else if (m.has_control()) take_control(m);
        else if (m.text().text_type() == "json") take_news(m.text().data());
        else if (m.has_text() && (value(m, "stream") != "heard" || value(m, "final") != "false"))
            note(shown(value(m, "stream")) + ": " + shown(m.text().data()));
    }

    void take_sound(const ai::AudioFrame& a) {
        if (asked_at_ != time_point()) {
            note_time("the answer can be heard, after the question", now() - asked_at_, "");
            asked_at_ = time_point();
        }
        if (a.sample_rate() <= 0 || a.channels() < 1 || a.channels() > 2 || a.data().size() < 4) return;
        audio sound(audio_format(static_cast<std::uint32_t>(a.sample_rate()),
                                 static_cast<std::uint8_t>(a.channels())),
                    a.data().size() / 2 / static_cast<std::size_t>(a.channels()));
        std::memcpy(sound.s16().data(), a.data().data(), sound.bytes().size());
        auto taken = speaker_.take(std::move(sound));
        if (!taken) throw bad_result(taken.error());
    }

    void take_control(const ai::StreamMessage& m) {
        const auto& c = m.control();
        if (c.has_error()) {
            complain(shown(c.error().message()));
            broken_ = broken_ || value(m, "fatal") == "true";
            turn_over_.set();
        }
        if (!c.has_state_change()) return;
        if (c.state_change().state() == ai::CONNECTION_STATE_CONNECTED)
            note("connected to " + options_.server + ", session " + shown(m.session_id()));
        else note("the conversation is over: " + shown(value(m, "reason")));
    }

    /// What the conversation does: events and turns, as docs/gateway.md has them.
    void take_news(const std::string& text) {
        const auto news = parse_json(text, 8);
        if (!news) return;
        if (text_of(*news, "type") == "turn") return take_turn(*news);
        if (text_of(*news, "type") != "event") return;
        const auto happened = text_of(*news, "event");
        if (happened == "interruption") speaker_.hush();
        if (happened == "speech_end") asked_at_ = session_begun_ + seconds(*news, "at");
        static const std::map<std::string_view, const char*> states{
            {"speech_start", "hearing"},     {"speech_end", "listening"},  {"thinking", "thinking"},
            {"playout_start", "speaking"},   {"paused", "waiting"},        {"resumed", "speaking"},
            {"interruption", "interrupted"}, {"playout_end", "listening"}, {"failure", "failed"}};
        const auto state = states.find(happened);
        if (state == states.end() || state->second == state_) return;
        state_ = state->second;
        note("[" + std::string(state_) + "]");
    }

    void take_turn(const json::value& turn) {
        ++turns_;
        turn_over_.set();
        const auto* all = find(turn, "latency");
        if (all == nullptr) return;
        std::string parts;
        for (const char* stage :
             {"transcription", "endpointing", "thinking", "sentence", "synthesis", "playout"}) {
            std::array<char, 64> part{};
            std::snprintf(part.data(), part.size(), "%s%s %.0f", parts.empty() ? "" : ", ", stage,
                          milliseconds(seconds(*all, stage)));
            parts += part.data();
        }
        note_time("turn " + std::to_string(turns_) + ", at the server", seconds(*all, "total"),
                  " (" + parts + ")");
    }

    // --- What the person is told -------------------------------------------------------------------------

    static std::string value(const ai::StreamMessage& m, const std::string& name) {
        const auto found = m.metadata().find(name);
        return found == m.metadata().end() ? std::string() : found->second;
    }

    static duration seconds(const json::value& v, std::string_view name) {
        const auto* found = find(v, name);
        if (found == nullptr || !found->is_number()) return {};
        return std::chrono::duration_cast<duration>(
            std::chrono::duration<double>(found->to_number<double>()));
    }

    void note(const std::string& words) const {
        std::printf("%7.2f s  %s\n", milliseconds(now() - begun_) / 1000, words.c_str());
        std::fflush(stdout);
    }
    void note_time(const std::string& what, duration took, const std::string& more) const {
        std::array<char, 32> number{};
        std::snprintf(number.data(), number.size(), "%.0f ms", milliseconds(took));
        note(what + ": " + number.data() + more);
    }
    static void complain(const std::string& words) { std::fprintf(stderr, "error: %s\n", words.c_str()); }

    void tell_all() const {
        if (!connected_before_) return;
        std::printf("%d %s, %.1f s of sound", turns_, turns_ == 1 ? "turn" : "turns",
                    milliseconds(speaker_.heard()) / 1000);
        if (!speaker_.file().empty() && speaker_.heard() > 0ns)
            std::printf(", in %s", speaker_.file().c_str());
        std::puts("");
    }

    std::string explained(const error& e) const {
        const auto words = shown(e.text);
        switch (rpc::code_of(e)) {
            case grpc::UNAVAILABLE:
                if (connected_before_) return "the server has gone, or is about to stop: " + words;
                return options_.server + " can not be talked to (" + words +
                       "): is it running, is this its port, and does it speak TLS (--tls-authority)?";
            case grpc::UNAUTHENTICATED:
                return options_.server + " does not let you in (" + words + "): give --key or --token";
            case grpc::PERMISSION_DENIED:
                return options_.server + " does not let you in: " + words;
            case grpc::RESOURCE_EXHAUSTED:
                return options_.server + " has no room for you: " + words;
            case grpc::UNIMPLEMENTED:
                return "there is a gRPC server at " + options_.server + ", but no voice assistant";
            default:
                return "the conversation broke off: " + e.message();
        }
    }

    static task<> until_interrupted() {
        asio::signal_set signals(io_context(), SIGINT, SIGTERM);
        auto came = co_await signals.async_wait(io);
        (void)came;
    }

    const client_options& options_;
    loudspeaker speaker_;
    channel<ai::StreamMessage> outgoing_{16};
    channel<ai::StreamMessage> incoming_{64};
    sender<ai::StreamMessage> to_server_;
    event connected_;
    bool connected_before_ = false;
    event turn_over_;
    result<> end_;
    std::string_view state_ = "listening";
    time_point begun_;  // the first session
    time_point session_begun_;
    time_point asked_at_;
    int turns_ = 0;
    bool broken_ = false;
};

}  // namespace

int main(int count, char** arguments) {
    client_options options;
    const auto wrong =
        read_options(options, std::span(arguments, static_cast<std::size_t>(count)).subspan(1));
    if (options.help) return std::fputs(usage, stdout) < 0 ? 1 : 0;
    if (!wrong.empty()) {
        std::fprintf(stderr, "error: %s\nassistant_client --help has all there is\n", wrong.c_str());
        return 2;
    }
    (void)std::signal(SIGPIPE, SIG_IGN);  // of an aplay that has gone
    try {
        // A file that can not be used should not need a server to be found out.
        if (!options.wav.empty()) (void)sound_reader::open(options.wav).value();
        if (!options.save.empty()) writable(options.save).value();
        conversation c(options);
        return rpc::run(c.run());
    } catch (const std::exception& e) {
        std::fprintf(stderr, "error: %s\n", e.what());
        return 1;
    }
}
