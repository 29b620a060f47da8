#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/ai/sentence_splitter.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <string>
#include <utility>
#include <vector>

namespace rtai {

/// Between a language model and speech. The first words of an answer are waited for, the others are made
/// while those sound: so the first sentence may be short, and end with a clause. 20 letters sound for more
/// than a second, which is longer than the rest of a sentence takes to be thought of.
struct sentences {
    struct options {
        std::uint32_t min = 10;
        std::uint32_t max = 200;
        std::uint32_t first_min = 2;
        bool first_clause = true;
        std::uint32_t clause_min = 20;
        std::chrono::milliseconds flush_after{800};
        bool plain = true;
        std::vector<std::string> abbreviations;
        RTAI_DESCRIBE(options, min, max, first_min, first_clause, clause_min, flush_after, plain,
                      abbreviations)

        static void notes(rtai::notes<options>& about) {
            about(&options::min, "a sentence of fewer characters is joined to the next", range(1, 1000));
            about(&options::max, "a sentence of more characters is cut, at a clause or between words",
                  range(20, 10'000));
            about(&options::first_min, "the same as 'min' for the first sentence of an answer",
                  range(1, 1000));
            about(&options::first_clause, "the first sentence of an answer may end at a comma");
            about(&options::clause_min, "but not before so many letters; a Chinese character counts as three",
                  range(1, 1000));
            about(&options::flush_after,
                  "when the model pauses for so long, what it wrote is spoken; 0: never", range(0, 60'000));
            about(&options::plain, "without the marks of Markdown, and without emoji");
            about(&options::abbreviations, "after which no sentence ends, besides those it knows: 'approx.'");
        }
    };

    sentences() : sentences(options()) {}
    explicit sentences(options o) : options_(std::move(o)) {}

    input<text> in;
    output<text> out;
    RTAI_DESCRIBE(sentences, in, out)

    task<> run() {
        splitter_.emplace(rules());
        bool open = false;       // an answer has begun
        bool flushable = false;  // something came since the last flush
        for (;;) {
            std::optional<text> piece;
            bool late = false;
            if (open && flushable && options_.flush_after.count() > 0) {
                auto waited = co_await with_timeout(options_.flush_after, in.receive());
                if (waited.ok()) piece = std::move(*waited);
                else late = true;
            } else {
                piece = co_await in.receive();
            }
            const bool ended = !late && !piece;
            if (piece && (!open || piece->stamp.epoch != epoch_)) begin(piece->stamp.epoch);
            if (piece) {
                splitter_->put(piece->words);
                open = flushable = true;
            }
            const bool last = open && (ended || (piece && piece->final));
            if (last) splitter_->finish();
            while (auto ready = late ? splitter_->flush() : splitter_->take())
                found_.push_back(std::move(*ready));
            if (last && found_.empty()) found_.emplace_back();
            for (std::size_t i = 0; i < found_.size(); ++i) {
                text sentence = next(std::move(found_[i]), last && i + 1 == found_.size());
                if (!co_await out.send(std::move(sentence))) co_return;
            }
            found_.clear();
            if (ended) co_return;
            if (late) flushable = false;
            if (last) open = false;
        }
    }

private:
    sentence_splitter::options rules() const {
        sentence_splitter::options o;
        o.min = options_.min;
        o.max = options_.max;
        o.first_min = options_.first_min;
        o.clause = options_.first_clause ? options_.clause_min : 0;
        o.plain = options_.plain;
        o.abbreviations = options_.abbreviations;
        return o;
    }

    /// What is left of an older answer is not spoken.
    void begin(epoch of) {
        if (of != epoch_) noted_ = false;
        epoch_ = of;
        splitter_.emplace(rules());
    }

    text next(std::string words, bool last) {
        text sentence(std::move(words), last);
        sentence.stamp.epoch = epoch_;
        sentence.stamp.sequence = sequence_++;
        sentence.stamp.at = now();
        auto* turn = out.turn();
        if (turn != nullptr && epoch_ != 0 && !noted_ && !sentence.words.empty() && !turn->stale(epoch_)) {
            noted_ = true;
            turn->note(what::first_sentence, epoch_);
        }
        return sentence;
    }

    options options_;
    std::optional<sentence_splitter> splitter_;
    std::vector<std::string> found_;
    epoch epoch_ = 0;
    std::uint64_t sequence_ = 0;
    bool noted_ = false;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::sentences, "Cuts an answer that comes piece by piece into sentences to be spoken.");
