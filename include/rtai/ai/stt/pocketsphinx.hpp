#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <rtai/ai/stt/recogniser.hpp>
#include <rtai/ai/stt/sphinx_pool.hpp>
#include <rtai/ai/stt/transcriber.hpp>
#include <rtai/core/background.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/observe/dependencies.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#ifndef RTAI_POCKETSPHINX_MODELS
#define RTAI_POCKETSPHINX_MODELS "/usr/share/pocketsphinx/model"
#endif

namespace rtai::stt {

struct pocketsphinx {
    struct options {
        std::filesystem::path model;
        std::filesystem::path dictionary;
        std::filesystem::path language_model;
        std::filesystem::path grammar;
        std::vector<std::string> keywords;
        std::filesystem::path keywords_file;
        double keyword_threshold = 1e-20;
        double least_confidence = 0.05;
        double beam = 1e-48;
        std::uint32_t decoders = 4;
        std::uint32_t preload = 1;
        std::chrono::milliseconds busy{5'000};
        std::chrono::milliseconds longest{30'000};
        std::chrono::milliseconds backlog{10'000};
        std::chrono::milliseconds patience{10'000};
        bool wait = false;
        RTAI_DESCRIBE(options, model, dictionary, language_model, grammar, keywords, keywords_file,
                      keyword_threshold, least_confidence, beam, decoders, preload, busy, longest, backlog,
                      patience, wait)

        void depends_on(observe::needs& on) const { on.file(model_of(*this)); }

        static void notes(rtai::notes<options>& about) {
            about(&options::model, "the directory of an acoustic model; empty: Debian's of English");
            about(&options::dictionary, "how words are spoken; empty: that of Debian's English model");
            about(&options::language_model,
                  "which words follow which; empty: that of Debian's English model");
            about(&options::grammar, "a JSGF file with all that may be said, instead of a language model");
            about(&options::keywords,
                  "only these phrases are heard, each perhaps with a threshold: 'go on /1e-15/'");
            about(&options::keywords_file, "the same from a file, one a line");
            about(&options::keyword_threshold,
                  "of keywords without their own: a smaller one finds more, and more that are none",
                  range(1e-60, 1));
            about(&options::least_confidence,
                  "an utterance that is less certain than this was a cough: it has no words", range(0, 1));
            about(&options::beam, "what is so much less likely is not followed: more is faster and worse",
                  range(1e-100, 1e-5));
            about(&options::decoders,
                  "so many utterances at a time in the whole process, for 100 MB of memory each",
                  range(1, 1'000));
            about(&options::preload, "so many decoders are loaded at start, the others when they are wanted",
                  range(0, 1'000));
            about(&options::busy, "an utterance waits so long for a decoder, and then fails",
                  range(0, 600'000));
            note_limits(about);
        }
    };

    pocketsphinx() : pocketsphinx(options()) {}
    explicit pocketsphinx(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) {
        if (auto setup = setup_of(o); !setup) return setup.error();
        return {};
    }

    sound_input in;
    input<moment> speech;
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(pocketsphinx, in, speech, out, events)

    task<> run() {
        auto setup = setup_of(options_);
        if (!setup) throw std::runtime_error(setup.error().message());
        decoding words(sphinx_pool::of(*setup, options_.decoders), options_);
        auto loaded = co_await words.preload();
        if (!loaded) throw std::runtime_error(loaded.error().message());
        transcriber<decoding> ear(in, speech, out, events, words, limits(options_));
        co_await ear.run();
    }

    /// One conversation's part: its voice, and what it borrows.
    class decoding {
    public:
        decoding(std::shared_ptr<sphinx_pool> p, const options& o) : pool_(std::move(p)), options_(o) {}

        task<result<>> preload() {
            const std::size_t wanted = std::min(options_.preload, options_.decoders);
            std::vector<sphinx_pool::lease> held;
            while (pool_->loaded() < wanted) {
                auto borrowed = co_await borrow();
                if (!borrowed) co_return borrowed.error();
                held.push_back(std::move(*borrowed));
            }
            co_return result<>();
        }

        task<result<text>> recognise(utterance& u) {
            auto borrowed = co_await borrow();
            if (!borrowed) co_return borrowed.error();
            sphinx_decoder& decoder = **borrowed;
            std::size_t done = 0, guessed = 0;
            for (;;) {
                const auto samples = co_await u.next(at_once);
                const bool guesses = done + samples.size() >= guessed + between_guesses;
                auto step = co_await offload(background(), [&]() -> result<text> {
                    if (done == 0)
                        if (auto begun = decoder.begin(voice_); !begun) return begun.error();
                    if (auto heard = decoder.hear(samples); !heard) return heard.error();
                    if (samples.size() < at_once) return decoder.finish(voice_);
                    return text(guesses ? decoder.words() : std::string(), false);
                });
                if (!step) co_return step.error();
                if (!*step) co_return step->error();
                if (samples.size() < at_once) co_return trusted(std::move(**step));
                done += samples.size();
                if (!guesses) continue;
                guessed = done;
                u.guess((*step)->words);
            }
        }

    private:
        /// Whatever the noise, the engine finds the words that are most like it.
        text trusted(text said) const {
            const bool spots = !options_.keywords.empty() || !options_.keywords_file.empty();
            if (spots || static_cast<double>(said.confidence) >= options_.least_confidence) return said;
            return text();
        }

        static constexpr std::size_t at_once = sound_format.frames_in(std::chrono::milliseconds(100));
        static constexpr std::size_t between_guesses = sound_format.frames_in(std::chrono::milliseconds(150));

        task<result<sphinx_pool::lease>> borrow() {
            const time_point until = later(now(), options_.busy);
            sphinx_pool::place place(pool_);
            for (;;) {
                if (auto mine = place.take()) {
                    if (!mine->loaded()) {
                        auto loaded = co_await offload(background(), [&] { return mine->load(); });
                        if (!loaded) co_return loaded.error();
                        if (!*loaded) co_return loaded->error();
                    }
                    co_return std::move(*mine);
                }
                if (now() >= until) break;
                co_await sleep_for(std::chrono::milliseconds(10));
            }
            co_return error(std::errc::resource_unavailable_try_again,
                            "all " + std::to_string(pool_->most()) +
                                " decoders of stt.pocketsphinx were busy for " +
                                std::to_string(options_.busy.count()) +
                                " ms; 'decoders' allows more, for 100 MB of memory each");
        }

        std::shared_ptr<sphinx_pool> pool_;
        const options& options_;
        sphinx_voice voice_;
    };

    /// What the options mean, if all of it is there.
    static std::filesystem::path english_model() {
        return std::filesystem::path(RTAI_POCKETSPHINX_MODELS) / "en-us";
    }
    static std::filesystem::path model_of(const options& o) {
        return o.model.empty() ? english_model() / "en-us" : o.model;
    }
    static result<sphinx_setup> setup_of(const options& o) {
        const auto english = english_model();
        const int modes = (o.language_model.empty() ? 0 : 1) + (o.grammar.empty() ? 0 : 1) +
                          (o.keywords.empty() ? 0 : 1) + (o.keywords_file.empty() ? 0 : 1);
        if (modes > 1)
            return error(std::errc::invalid_argument,
                         "stt.pocketsphinx takes one of 'language_model', 'grammar', 'keywords' and "
                         "'keywords_file', not several");
        if (!o.model.empty() && (o.dictionary.empty() || modes == 0))
            return error(std::errc::invalid_argument,
                         "stt.pocketsphinx with a 'model' of yours needs its 'dictionary', and a "
                         "'language_model', a 'grammar' or 'keywords'");
        for (const auto& k : o.keywords)
            if (k.empty() || k.find('\n') != std::string::npos)
                return error(std::errc::invalid_argument,
                             "a keyword of stt.pocketsphinx is one line: '" + k + "'");
        sphinx_setup s;
        s.model = model_of(o);
        s.dictionary = o.dictionary.empty() ? english / "cmudict-en-us.dict" : o.dictionary;
        s.language_model = modes == 0 ? english / "en-us.lm.bin" : o.language_model;
        s.grammar = o.grammar;
        s.keywords = o.keywords;
        s.keywords_file = o.keywords_file;
        s.beam = o.beam;
        s.keyword_threshold = o.keyword_threshold;
        for (const auto& file :
             {s.model / "mdef", s.dictionary, s.language_model, s.grammar, s.keywords_file}) {
            std::error_code failed;
            if (file.empty() || std::filesystem::is_regular_file(file, failed)) continue;
            const bool ours = file.string().starts_with(english.string());
            return error(std::errc::no_such_file_or_directory,
                         file.string() + " of stt.pocketsphinx" +
                             (ours ? " (Debian: apt-get install pocketsphinx-en-us)" : ""));
        }
        return s;
    }

private:
    options options_;
};

}  // namespace rtai::stt

RTAI_ELEMENT(rtai::stt::pocketsphinx, "Makes words of speech here, with CMU PocketSphinx.");
