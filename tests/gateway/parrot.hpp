#pragma once

#include <filesystem>
#include <rtai/core/inherited.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/text.hpp>
#include <rtai/gateway/converse.hpp>
#include <rtai/graph/elements/pacer.hpp>
#include <rtai/graph/generated.hpp>
#include <rtai/observe/dependencies.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace rtai::test {

/// Says back what it hears and reads; "tell me" makes it talk for ten seconds, "a word" for one, "break"
/// breaks it, "ask" makes it ask a server that it depends on, which "fail" makes fail.
struct parrot {
    struct voice {
        struct options {
            std::string address;
            std::filesystem::path file;
            RTAI_DESCRIBE(options, address, file)
            void depends_on(observe::needs& on) const {
                on.address(address);
                on.file(file);
            }
        };

        voice() = default;
        explicit voice(options o) : options_(std::move(o)) {}

        input<audio> sound;
        input<text, if_wired> words;
        output<audio> out;
        output<text> said;
        RTAI_DESCRIBE(voice, sound, words, out, said)

        task<> run() { co_await join(repeat_sound(), repeat_words()); }
        task<> repeat_sound() {
            while (auto a = co_await sound.receive())
                if (!co_await out.send(std::move(*a))) co_return;
        }
        task<> repeat_words() {
            if (!words) co_return;
            while (auto t = co_await words.receive()) {
                if (t->words == "ask" || t->words == "fail") {
                    result<> r;
                    if (t->words == "fail") r = error(std::errc::connection_refused, "the oracle");
                    auto* who = co_await inherited<observe::dependencies>();
                    if (who != nullptr) who->fared(options_.address, r, now());
                }
                if (t->words == "break") throw std::runtime_error("a parrot broke");
                if (t->words == "tell me" || t->words == "a word") {
                    const int frames = t->words == "a word" ? 50 : 500;
                    co_await talk(t->words, frames);
                    continue;
                }
                if (!co_await said.send(std::move(*t))) co_return;
            }
        }
        task<> talk(const std::string& asked, int frames) {
            auto& t = *out.turn();
            const auto e = t.begin();
            t.note(what::end_of_turn, e, asked);
            t.note(what::thinking, e);
            t.note(what::first_audio, e);
            t.voiced();
            t.log().record(e).speech.begin("a long tale");
            for (int i = 0; i < frames; ++i) {
                audio a(audio_format(), 320);
                for (auto& s : a.s16()) s = 1000;
                a.stamp.epoch = e;
                t.log().record(e).speech.add(a.time());
                const bool goes_on = co_await out.send(std::move(a));
                if (!goes_on || t.stale(e)) co_return;
            }
            t.log().record(e).speech.end();
            t.log().record(e).speech.close();
            t.finish(e);
        }

    private:
        options options_;
    };
    struct options {
        voice::options bird;
        RTAI_DESCRIBE(options, bird)
    };

    explicit parrot(const options& o) : bird(o.bird) {}

    input<audio> mic;
    input<text> typed;
    output<audio> speaker;
    output<text> said;
    RTAI_DESCRIBE(parrot, mic, typed, speaker, said)

    rtai::turn turn;
    voice bird;
    rtai::pacer pacer;
    edge<audio, block> bird_to_pacer;

    template <class Look>
    void each_edge(Look&& look) const {
        look(edge_ends("bird_to_pacer", {"bird"}, "pacer"), bird_to_pacer);
    }

    task<> run() {
        bird.sound.take(mic);
        bird.words.take(typed);
        bird.said.take(said);
        bird_to_pacer.from(bird.out);
        bird_to_pacer.into(pacer.in);
        pacer.out.take(speaker);
        belong_to(turn, bird, pacer, bird_to_pacer);
        co_await join(play(bird, "bird"), play(pacer, "pacer"));
    }
};

/// Connects it to a session, as generated programs do.
struct wire_parrot {
    void operator()(service::conversation& ends, parrot& p) const {
        wire(ends.audio_in, p.mic, audio_format());
        wire(ends.text_in, p.typed);
        wire<block>(p.speaker, ends.audio_out, audio_format());
        wire<block>(p.said, ends.text_out["said"]);
    }
};

}  // namespace rtai::test
