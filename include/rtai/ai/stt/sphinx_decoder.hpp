#pragma once

#include <pocketsphinx.h>
#include <sphinxbase/ckd_alloc.h>
#include <sphinxbase/cmn.h>
#include <sphinxbase/err.h>
#include <sphinxbase/feat.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <rtai/core/result.hpp>
#include <rtai/data/text.hpp>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::stt {

/// What a decoder is made from. Of the last four, one is set.
struct sphinx_setup {
    bool operator==(const sphinx_setup&) const = default;

    std::filesystem::path model;
    std::filesystem::path dictionary;
    double beam = 1e-48;
    double keyword_threshold = 1e-20;
    std::filesystem::path language_model;
    std::filesystem::path grammar;
    std::filesystem::path keywords_file;
    std::vector<std::string> keywords;
};

/// How a voice and its microphone sound on average, which the engine learns as it listens. It belongs to a
/// conversation, not to a decoder.
struct sphinx_voice {
    std::vector<mfcc_t> mean;
    std::vector<mfcc_t> sum;
    int frames = 0;
};

/// The engine, for one utterance at a time. All of it is slow: it belongs on a worker.
class sphinx_decoder {
public:
    static result<std::unique_ptr<sphinx_decoder>> load(const sphinx_setup& setup) {
        listen_to_errors();
        std::unique_ptr<sphinx_decoder> made(new sphinx_decoder);
        if (auto right = check_model(setup.model); !right) return right.error();
        auto list = listed(setup.keywords);
        if (!list) return list.error();
        made->config_.reset(cmd_ln_init(nullptr, ps_args(), TRUE, "-hmm", setup.model.c_str(), "-dict",
                                        setup.dictionary.c_str(), nullptr));
        if (!made->config_) return trouble("pocketsphinx refuses its configuration");
        cmd_ln_t* c = made->config_.get();
        // Voice activity detection is not its business here, and it would lose the times of words.
        cmd_ln_set_boolean_r(c, "-remove_silence", FALSE);
        cmd_ln_set_float_r(c, "-beam", setup.beam);
        cmd_ln_set_float_r(c, "-kws_threshold", setup.keyword_threshold);
        if (!setup.language_model.empty()) cmd_ln_set_str_r(c, "-lm", setup.language_model.c_str());
        if (!setup.grammar.empty()) cmd_ln_set_str_r(c, "-jsgf", setup.grammar.c_str());
        if (!setup.keywords_file.empty()) cmd_ln_set_str_r(c, "-kws", setup.keywords_file.c_str());
        if (list->number >= 0)
            cmd_ln_set_str_r(c, "-kws", ("/proc/self/fd/" + std::to_string(list->number)).c_str());
        made->decoder_.reset(ps_init(c));
        if (!made->decoder_) return trouble("pocketsphinx can not start with " + setup.model.string());
        if (auto known = made->knows(setup); !known) return known.error();
        made->fresh_ = made->voice();
        return made;
    }

    /// Begins an utterance of this voice; a new one if it is empty. What another left open is thrown away.
    result<> begin(const sphinx_voice& of) {
        listen_to_errors();
        if (open_) ps_end_utt(decoder_.get());
        open_ = false;
        set_voice(of.mean.empty() ? fresh_ : of);
        if (ps_start_stream(decoder_.get()) < 0 || ps_start_utt(decoder_.get()) < 0)
            return trouble("pocketsphinx can not begin an utterance");
        open_ = true;
        return {};
    }
    result<> hear(std::span<const std::int16_t> samples) {
        if (samples.empty()) return {};
        if (ps_process_raw(decoder_.get(), samples.data(), samples.size(), FALSE, FALSE) < 0)
            return trouble("pocketsphinx can not go on");
        return {};
    }
    std::string words() {
        const char* said = ps_get_hyp(decoder_.get(), nullptr);
        return said != nullptr ? said : "";
    }
    /// Ends the utterance, and says what was learnt of the voice.
    result<text> finish(sphinx_voice& of) {
        open_ = false;
        if (ps_end_utt(decoder_.get()) < 0) return trouble("pocketsphinx can not end an utterance");
        text said(words());
        float sum = 0;
        for (ps_seg_t* s = ps_seg_iter(decoder_.get()); s != nullptr; s = ps_seg_next(s)) {
            auto word = plain(ps_seg_word(s));
            if (word.empty()) continue;
            int from = 0, to = 0;
            ps_seg_frames(s, &from, &to);
            const int likely = ps_seg_prob(s, nullptr, nullptr, nullptr);
            const double sure = std::clamp(logmath_exp(ps_get_logmath(decoder_.get()), likely), 0.0, 1.0);
            sum += static_cast<float>(sure);
            said.timing.emplace_back(std::move(word), frame * from, frame * (to + 1),
                                     static_cast<float>(sure));
        }
        said.confidence = said.timing.empty() ? 0 : sum / static_cast<float>(said.timing.size());
        of = voice();
        return said;
    }

    bool open() const noexcept { return open_; }

    /// "or(2)" is "or"; silence and noises, "<sil>", "[NOISE]" and "++COUGH++", are no words.
    static std::string plain(const char* word) {
        const std::string_view w = word != nullptr ? word : "";
        if (w.empty() || w.front() == '<' || w.front() == '[' || w.starts_with("++")) return {};
        const auto variant = w.back() == ')' ? w.rfind('(') : std::string_view::npos;
        return std::string(w.substr(0, variant == 0 ? std::string_view::npos : variant));
    }

private:
    static constexpr std::chrono::milliseconds frame{10};

    struct freed {
        void operator()(ps_decoder_t* d) const noexcept { ps_free(d); }
        void operator()(cmd_ln_t* c) const noexcept { cmd_ln_free_r(c); }
    };
    /// A file that has no name.
    struct nameless {
        nameless() = default;
        nameless(nameless&& other) noexcept : number(std::exchange(other.number, -1)) {}
        nameless& operator=(nameless&&) = delete;
        ~nameless() {
            if (number >= 0) ::close(number);
        }
        int number = -1;
    };

    sphinx_decoder() = default;

    static result<nameless> listed(const std::vector<std::string>& keywords) {
        nameless file;
        if (keywords.empty()) return file;
        std::string lines;
        for (const auto& k : keywords) lines += k + '\n';
        file.number = ::memfd_create("keywords", MFD_CLOEXEC);
        if (file.number < 0 ||
            ::write(file.number, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()))
            return error(std::error_code(errno, std::generic_category()), "a list of keywords");
        return file;
    }

    /// The engine would end the program.
    static result<> check_model(const std::filesystem::path& model) {
        std::ifstream file(model / "mdef", std::ios::binary);
        std::string start(4, '\0');
        file.read(start.data(), 4);
        while (start.starts_with('#')) {  // comments of the form that is text
            std::string line;
            if (!std::getline(file, line)) break;
            start.assign(4, '\0');
            file.read(start.data(), 4);
        }
        if (start == "BMDF" || start == "FDMB" || start.starts_with("0.3")) return {};
        return error(std::errc::invalid_argument,
                     (model / "mdef").string() + " is not of an acoustic model of pocketsphinx");
    }

    /// The engine passes over keywords with words that its dictionary does not have; nobody would notice.
    result<> knows(const sphinx_setup& setup) const {
        auto lines = setup.keywords;
        if (std::ifstream file(setup.keywords_file); !setup.keywords_file.empty())
            for (std::string line; std::getline(file, line);) lines.push_back(line);
        for (const auto& line : lines) {
            std::istringstream in(line.substr(0, line.find('/')));
            for (std::string word; in >> word;) {
                char* spoken = ps_lookup_word(decoder_.get(), word.c_str());
                const bool known = spoken != nullptr;
                ckd_free(spoken);
                if (known) continue;
                return error(std::errc::invalid_argument, "the keyword '" + line + "' has the word '" + word +
                                                              "', which " + setup.dictionary.string() +
                                                              " does not know how to speak");
            }
        }
        return {};
    }

    static std::string& last_words() {
        static thread_local std::string words;
        return words;
    }
    /// The engine would print a page for each decoder; its errors go into ours.
    static void listen_to_errors() {
        static std::once_flag once;
        std::call_once(once, [] { err_set_callback(&note_error, nullptr); });
        err_set_logfp(nullptr);  // of this thread
        last_words().clear();
    }
    __attribute__((format(printf, 3, 4))) static void note_error(void*, err_lvl_t level, const char* form,
                                                                 ...) {
        if (level < ERR_ERROR) return;
        char line[512];
        va_list rest;
        va_start(rest, form);
        (void)std::vsnprintf(line, sizeof line, form, rest);
        va_end(rest);
        std::string_view said = line;
        while (!said.empty() && said.back() == '\n') said.remove_suffix(1);
        // It ends the program now, which should not go without a word.
        if (level == ERR_FATAL) std::fprintf(stderr, "pocketsphinx gives up: %s\n", line);
        auto& all = last_words();
        if (all.size() + said.size() < 2000) all += (all.empty() ? "" : "; ") + std::string(said);
    }
    static error trouble(std::string about) {
        if (!last_words().empty()) about += " (" + last_words() + ")";
        return {std::errc::invalid_argument, std::move(about)};
    }

    cmn_t* average() const noexcept { return ps_get_feat(decoder_.get())->cmn_struct; }
    sphinx_voice voice() const {
        sphinx_voice v;
        const cmn_t* c = average();
        if (c == nullptr) return v;
        v.mean.assign(c->cmn_mean, c->cmn_mean + c->veclen);
        v.sum.assign(c->sum, c->sum + c->veclen);
        v.frames = c->nframe;
        return v;
    }
    void set_voice(const sphinx_voice& v) noexcept {
        cmn_t* c = average();
        if (c == nullptr || static_cast<std::size_t>(c->veclen) != v.mean.size()) return;
        std::copy(v.mean.begin(), v.mean.end(), c->cmn_mean);
        std::copy(v.sum.begin(), v.sum.end(), c->sum);
        c->nframe = v.frames;
    }

    std::unique_ptr<cmd_ln_t, freed> config_;
    std::unique_ptr<ps_decoder_t, freed> decoder_;
    sphinx_voice fresh_;
    bool open_ = false;
};

}  // namespace rtai::stt
