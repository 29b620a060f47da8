#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <rtai/ai/llm/demo.hpp>
#include <rtai/ai/llm/openai.hpp>
#include <rtai/ai/sentences.hpp>
#include <rtai/ai/vad/energy.hpp>
#include <rtai/ai/vad/silero.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/elements/opus_decode.hpp>
#include <rtai/graph/elements/tee.hpp>
#include <rtai/graph/elements/wav_source.hpp>
#include <rtai/media/opus.hpp>
#include <rtai/media/wav.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ai/speaking.hpp"
#include "ai/words.hpp"
#include "http/fake_server.hpp"
#include "support/co_test.hpp"
#include "support/sound.hpp"

// What a stranger can send, through whole chains: it ends in clear words, and what comes after it works.

using namespace rtai;
using namespace rtai::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// --- Recognisers ------------------------------------------------------------------------------------------

/// What becomes of an utterance.
enum class ear { hears, fails, throws, hangs };

/// An element that hears an utterance as "question 1", or does what it is told to.
struct fake_stt {
    stt::sound_input in;
    input<moment> speech;
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(fake_stt, in, speech, out, events)

    task<> run() {
        stt::transcriber<fake_stt> words(in, speech, out, events, *this, stt::limits());
        co_await words.run();
    }

    task<result<text>> recognise(stt::utterance& u) {
        const ear now = lengths.size() < trouble.size() ? trouble[lengths.size()] : ear::hears;
        lengths.emplace_back();
        for (;;) {
            const auto part = co_await u.next(1600);
            lengths.back() += audio_format(16'000).time_of(part.size());
            if (now == ear::fails) co_return error(std::errc::connection_reset, "no words today");
            if (now == ear::throws) throw std::runtime_error("the recogniser is broken");
            if (part.size() < 1600) break;
        }
        if (now == ear::hangs) co_await sleep_for(std::chrono::hours(1));
        co_return text("question " + std::to_string(lengths.size()));
    }

    std::vector<ear> trouble;
    std::vector<duration> lengths;  // of what was heard
};

// --- Files ------------------------------------------------------------------------------------------------

using samples = std::vector<std::int16_t>;

std::filesystem::path file_of(const std::string& name, const samples& s, audio_format format = {16'000}) {
    const auto path = temporary(name);
    auto file = sound_writer::open(path, format);
    audio piece(format, s.size() / format.channels);
    std::copy(s.begin(), s.end(), piece.s16().begin());
    (void)file->write(piece);
    return path;
}

std::filesystem::path file_of_bytes(const std::string& name, const std::string& bytes) {
    const auto path = temporary(name);
    write_file(path, bytes);
    return path;
}

/// Somebody speaks for a second, from the third second on.
samples spoken(std::uint32_t rate = 16'000) { return between_noise(rate, 3s, 1s, 0.002); }

samples constant(std::int16_t value) { return samples(3 * 16'000, value); }

samples made_of(double level, double offset = 0) {
    noise hiss;
    std::vector<double> made(3 * 16'000);
    for (auto& s : made) s = level * hiss() + offset;
    return as_s16(made);
}

samples square(std::size_t half) {
    samples made = constant(32767);
    for (std::size_t i = 0; i < made.size(); ++i)
        if (i / half % 2 == 1) made[i] = -32768;
    return made;
}

std::string random_bytes(std::size_t count, std::uint32_t seed = 1) {
    std::minstd_rand random(seed);
    std::string bytes(count, '\0');
    for (auto& b : bytes) b = static_cast<char>(random() >> 8U);
    return bytes;
}

// --- From files to words ----------------------------------------------------------------------------------

task<std::string> failure_of_playing(wav_source& source) {
    std::string failed;
    try {
        auto playing = play(source);
        co_await std::move(playing);
    } catch (const std::exception& e) {
        failed = e.what();
    }
    source.out.disconnect();
    co_return failed;
}

/// A session that hears one file after the other, whatever becomes of them.
template <class Detector>
struct session {
    explicit session(std::vector<std::filesystem::path> f) : files(std::move(f)) {}

    /// In virtual time, to the end.
    void run() {
        in_world in(1);
        in.w.run(all());
        for (auto& m : moments->take()) kinds.push_back(m.what);
        if (said) words = words_of(said->take());
    }

    task<> all() {
        constexpr audio_format format(16'000);
        edge<audio, block> sound({}, format), passed({}, format);
        edge<moment> speech, to_words;
        sound.into(detector.in);
        passed.from(detector.out);
        passed.into(recogniser.in);
        speech.from(detector.speech);
        speech.into(split.in);
        to_words.from(split.out);
        to_words.into(recogniser.speech);
        moments.emplace(split.out);
        if (!recogniser.out) said.emplace(recogniser.out);
        co_await join(hear(sound), play(detector), play(split), play(recogniser));
    }

    task<> hear(edge<audio, block>& sound) {
        output<audio> open;  // between the files, too
        sound.from(open);
        for (const auto& f : files) {
            wav_source::options o;
            o.path = f;
            wav_source source(o);
            sound.from(source.out);
            auto playing = failure_of_playing(source);
            errors.push_back(co_await std::move(playing));
        }
    }

    /// Whether speech was found once, and words for it.
    bool heard_once() const {
        return kinds == std::vector{what::speech_start, what::speech_end} && words.size() == 1;
    }

    std::vector<std::filesystem::path> files;
    Detector detector;
    rtai::tee<moment> split;
    fake_stt recogniser;
    std::optional<drain<moment>> moments;
    std::optional<drain<text>> said;
    std::vector<std::string> errors;  // one for each file, empty when all was well
    std::vector<what> kinds;
    test::words words;
};

// --- From words to speech ---------------------------------------------------------------------------------

/// A voice that throws or hangs when it is told to.
struct fragile_voice {
    input<text> in;
    output<audio, rates<16'000>, channels<1>, encodings<encoding::s16>, can_wait> out;
    output<moment> events;
    RTAI_DESCRIBE(fragile_voice, in, out, events)

    task<> run() { co_await tts::speak(in, out, events, *this, "tts.fragile", true); }

    task<result<>> say(std::string said, sender<audio> sound) {
        if (throws_at == asked++) throw std::runtime_error("the voice is broken");
        audio piece(audio_format(16'000), 1600);
        const bool taken = co_await sound.send(std::move(piece));
        (void)taken;
        spoken.push_back(std::move(said));
        co_return result<>();
    }

    int throws_at = -1;
    int asked = 0;
    std::vector<std::string> spoken;
};

/// What follows a question: a model, sentences, a voice; and somebody who listens.
template <class Model, class Voice = fake_speaker>
struct speaking {
    explicit speaking(Model& m)
        : model(m),
          to(model.in),
          sound(voice.out, 1000),
          model_events(model.events, 100),
          voice_events(voice.events, 100) {}

    /// Asks one question after the other, each when the answer to the last is complete.
    task<> ask(std::vector<std::string> questions) {
        edge<text> answer, sentence;
        answer.from(model.out);
        answer.into(split.in);
        drain<text> mine(split.out);
        sentence.from(split.out);
        sentence.into(cut.in);
        wire(cut.out, voice.in);
        auto talk = [&]() -> task<> {
            for (auto& q : questions) {
                to.say(line(std::move(q)));
                std::string words;
                while (auto piece = co_await mine.from().receive()) {
                    words += piece->words;
                    if (piece->final) break;
                }
                answers.push_back(std::move(words));
            }
            to.end();
        };
        co_await join(talk(), play(model), play(split), play(cut), play(voice));
    }

    words failures() {
        words all;
        for (const auto& m : model_events.take())
            if (m.what == what::failure) all.push_back(m.detail);
        for (const auto& m : voice_events.take())
            if (m.what == what::failure) all.push_back(m.detail);
        return all;
    }

    Model& model;
    rtai::tee<text> split;
    sentences cut;
    Voice voice;
    feed<text> to;
    drain<audio> sound;
    drain<moment> model_events, voice_events;
    words answers;
};

constexpr const char* apology = "Sorry, I can not answer just now.";

}  // namespace

// --- Sound files ------------------------------------------------------------------------------------------

namespace {

template <class Detector>
void hears_no_speech_where_there_is_none() {
    const auto voice = file_of("voice.wav", spoken());
    const std::pair<const char*, samples> quiet[] = {
        {"nothing", samples()},
        {"one sample", samples(1)},
        {"silence", constant(0)},
        {"an offset", constant(12'000)},
        {"the greatest offset", constant(32767)},
        {"the least offset", constant(-32768)},
        {"faint noise with an offset", made_of(0.001, 0.6)},
        {"noise at the edge, half clipped", made_of(0.01, 1)},
        {"noise that clips", made_of(3)},
        {"the highest square wave", square(1)},
        {"a square wave of 500 Hz", square(16)},
        {"a square wave of 20 Hz", square(400)},
    };
    for (const auto& [name, sound] : quiet) {
        CAPTURE(name);
        session<Detector> s({file_of("quiet.wav", sound), voice});
        s.run();
        CAPTURE(s.words);
        REQUIRE(s.errors == words{"", ""});
        REQUIRE(s.heard_once());
    }
}

template <class Detector>
void hears_a_voice_at_any_rate() {
    for (const std::uint32_t rate : {8'000U, 11'025U, 22'050U, 44'100U, 48'000U, 96'000U, 192'000U})
        for (const std::uint8_t channels : {std::uint8_t{1}, std::uint8_t{2}}) {
            CAPTURE(rate, channels);
            samples all;
            for (const auto x : spoken(rate)) all.insert(all.end(), channels, x);
            session<Detector> s({file_of("rate.wav", all, audio_format(rate, channels))});
            s.run();
            REQUIRE(s.errors == words{""});
            REQUIRE(s.heard_once());
            REQUIRE(s.recogniser.lengths[0] > 1200ms);
            REQUIRE(s.recogniser.lengths[0] < 2s);
        }
}

bool silero_is_here() {
    const auto there = available<vad::silero>({});
    if (!there) WARN("skipped: " << there.error().message());
    return there.ok();
}

}  // namespace

TEST_CASE("silence, offsets and clipped noise are no speech, and a voice after them is", "[bad_input]") {
    hears_no_speech_where_there_is_none<vad::energy>();
}

TEST_CASE("silence, offsets and clipped noise are no speech to silero, and a voice after them is",
          "[bad_input]") {
    if (silero_is_here()) hears_no_speech_where_there_is_none<vad::silero>();
}

TEST_CASE("a voice is heard in a file of any rate", "[bad_input]") {
    hears_a_voice_at_any_rate<vad::energy>();
    if (silero_is_here()) hears_a_voice_at_any_rate<vad::silero>();
}

TEST_CASE("what can not be read as sound is told, and the next file is heard", "[bad_input]") {
    const auto voice = file_of("voice.wav", spoken());
    const std::string whole = file_text(voice);
    const std::pair<std::string, std::string> broken[] = {
        {"empty.wav", ""},
        {"byte.wav", "R"},
        {"zeros.wav", std::string(20'000, '\0')},
        {"text.wav", "Dear Sir or Madam,\nwith this letter I send you no sound.\n"},
        {"page.mp3", "<!DOCTYPE html><html><body>404</body></html>"},
        {"random.wav", random_bytes(50'000)},
        {"random.flac", random_bytes(50'000, 2)},
        {"magic.wav", "RIFF"},
        {"magic.flac", "fLaC"},
        {"magic.ogg", "OggS"},
        {"header.wav", whole.substr(0, 20)},
        {"picture.wav", "\x89PNG\r\n\x1a\n" + random_bytes(1000)},
    };
    std::vector<std::filesystem::path> files;
    for (const auto& [name, bytes] : broken) files.push_back(file_of_bytes(name, bytes));
    files.push_back(temporary("not_there.wav"));
    files.push_back(temporary("a_directory.wav"));
    std::filesystem::create_directories(files.back());
    const std::size_t bad = files.size();
    files.push_back(voice);
    session<vad::energy> s(files);
    s.run();
    for (std::size_t i = 0; i < bad; ++i) {
        CAPTURE(files[i]);
        REQUIRE_THAT(s.errors[i], StartsWith("can not read '" + files[i].string() + "'"));
    }
    REQUIRE(s.errors[bad].empty());
    REQUIRE(s.heard_once());
}

TEST_CASE("a file is what it has in it, whatever its name says", "[bad_input]") {
    const std::string whole = file_text(file_of("voice.wav", spoken()));
    for (const auto* name : {"voice.mp3", "voice.txt", "voice", "voice.flac", "voice.raw"}) {
        CAPTURE(name);
        session<vad::energy> s({file_of_bytes(name, whole)});
        s.run();
        REQUIRE(s.errors == words{""});
        REQUIRE(s.heard_once());
    }
}

TEST_CASE("of a file that was cut off, what there is is heard", "[bad_input]") {
    const std::string whole = file_text(file_of("voice.wav", spoken()));
    const auto voice = file_of("voice.wav", spoken());
    for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{45}, std::size_t{44}}) {
        CAPTURE(size);
        session<vad::energy> s({file_of_bytes("cut.wav", whole.substr(0, size)), voice});
        s.run();
        REQUIRE(s.errors == words{"", ""});
        REQUIRE(s.words.size() >= 1);
        REQUIRE(s.words.size() <= 2);
    }
}

TEST_CASE("whatever the header of a file says, it is played or refused with its name", "[bad_input]") {
    const std::string whole = file_text(file_of("short.wav", samples(1600, 100)));
    std::size_t played = 0, refused = 0;
    for (std::size_t at = 0; at < 44; ++at)
        for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
            CAPTURE(at, value);
            std::string bytes = whole;
            bytes[at] = static_cast<char>(value);
            wav_source::options o;
            o.path = file_of_bytes("header.wav", bytes);
            o.paced = false;
            wav_source source(o);
            in_world in(1);
            std::size_t frames = 0;
            std::string failed;
            auto hear = [&]() -> task<> {
                channel<audio> sound(4);
                source.out.connect(sound.sender(), audio_format(16'000));
                auto listen = [&](receiver<audio> from) -> task<> {
                    while (auto piece = co_await from.receive()) frames += piece->frames();
                };
                auto playing = failure_of_playing(source);
                failed = std::get<0>(co_await join(std::move(playing), listen(sound.receiver())));
            };
            in.w.run(hear());
            CAPTURE(failed);
            (failed.empty() ? played : refused) += 1;
            if (!failed.empty()) REQUIRE_THAT(failed, Contains("header.wav'"));
            REQUIRE(frames < 16'000 * 200);
        }
    REQUIRE(played > 50);
    REQUIRE(refused > 20);
}

TEST_CASE("a file with an impossible rate is refused, and nothing is set aside for it", "[bad_input]") {
    const std::string whole = file_text(file_of("short.wav", samples(1600, 100)));
    for (const std::uint32_t rate : {1U, 999U, 768'001U, 8'000'000U, 0x7FFF'FFFFU, 0xFFFF'FFFFU}) {
        CAPTURE(rate);
        std::string bytes = whole;
        for (std::size_t i = 0; i < 4; ++i) bytes[24 + i] = static_cast<char>(rate >> (8 * i));
        const auto file = sound_reader::open(file_of_bytes("rate.wav", bytes));
        REQUIRE_FALSE(file);
        REQUIRE_THAT(file.error().message(), StartsWith("can not read '"));
    }
}

// --- Opus packets -----------------------------------------------------------------------------------------

namespace {

struct packets_heard {
    std::vector<what> kinds;
    words said;
    std::uint64_t broken = 0;
    std::vector<std::uint64_t> order;
    duration length{};
};

/// Through a decoder, a detector and a recogniser.
packets_heard hear_packets(std::vector<packet> packets) {
    packets_heard heard;
    in_world in(1);
    rtai::opus_decode decoder;
    vad::energy detector;
    rtai::tee<moment> split;
    rtai::tee<audio> sounds;
    fake_stt recogniser;
    constexpr audio_format format(16'000);
    edge<packet, block> network;
    edge<audio, block> sound({}, format), to_detector({}, format), passed({}, format);
    edge<moment> speech, to_words;
    auto arrive = [&](sender<packet> to) -> task<> {
        for (auto& p : packets) {
            if (!co_await to.send(std::move(p))) co_return;
            co_await sleep_for(20ms);
        }
    };
    auto all = [&]() -> task<> {
        channel<packet> wire_in(64);
        channel<audio> copy(64);
        decoder.in.connect(wire_in.receiver());
        sound.from(decoder.out);
        sound.into(sounds.in);
        to_detector.from(sounds.out);
        to_detector.into(detector.in);
        sounds.out.connect(copy.sender(), format);
        passed.from(detector.out);
        passed.into(recogniser.in);
        speech.from(detector.speech);
        speech.into(split.in);
        to_words.from(split.out);
        to_words.into(recogniser.speech);
        drain<moment> moments(split.out);
        drain<text> said(recogniser.out);
        auto listen = [&](receiver<audio> from) -> task<> {
            while (auto piece = co_await from.receive()) {
                heard.order.push_back(piece->stamp.sequence);
                heard.length += piece->time();
            }
        };
        co_await join(arrive(wire_in.sender()), play(decoder), play(sounds), listen(copy.receiver()),
                      play(detector), play(split), play(recogniser));
        for (auto& m : moments.take()) heard.kinds.push_back(m.what);
        heard.said = words_of(said.take());
    };
    in.w.run(all());
    heard.broken = decoder.broken();
    return heard;
}

std::vector<packet> opus_of(const samples& s) {
    constexpr audio_format format(16'000);
    opus_encoder encoder(format);
    std::vector<packet> made;
    for (std::size_t i = 0; i + 320 <= s.size(); i += 320) {
        audio piece(format, 320);
        std::copy_n(s.begin() + static_cast<std::ptrdiff_t>(i), 320, piece.s16().begin());
        piece.stamp.at = time_point() + format.time_of(i);
        piece.stamp.sequence = i / 320;
        made.push_back(std::move(*encoder.encode(piece)));
    }
    return made;
}

buffer bytes_of(const std::string& s) {
    buffer b(s.size());
    std::copy(s.begin(), s.end(), reinterpret_cast<char*>(b.data()));
    return b;
}

}  // namespace

TEST_CASE("Opus packets of no length and of any length are concealed and counted, and a voice is still heard",
          "[bad_input]") {
    auto packets = opus_of(spoken());
    const std::size_t sizes[] = {0, 1, 2, 3, 65'536, 1'000'000};
    std::uint64_t spoilt = 0;
    for (std::size_t i = 10; i < 130; i += 20) packets[i].bytes = bytes_of(random_bytes(sizes[spoilt++], 7));
    const auto count = packets.size();
    const auto heard = hear_packets(std::move(packets));
    REQUIRE(heard.broken >= 3);
    REQUIRE(heard.broken <= spoilt);
    REQUIRE(heard.order.size() == count);
    REQUIRE(std::is_sorted(heard.order.begin(), heard.order.end()));
    REQUIRE(heard.said.size() >= 1);
    REQUIRE(heard.kinds.back() == what::speech_end);
}

TEST_CASE("nothing but junk packets is concealed in silence", "[bad_input]") {
    std::vector<packet> packets;
    for (std::size_t i = 0; i < 200; ++i) {
        packet p(bytes_of(i % 2 == 0 ? std::string() : random_bytes(65'536, static_cast<std::uint32_t>(i))),
                 20ms);
        p.stamp.sequence = i;
        p.stamp.at = time_point() + i * 20ms;
        packets.push_back(std::move(p));
    }
    const auto heard = hear_packets(std::move(packets));
    REQUIRE(heard.broken == 200);
    REQUIRE(heard.length == 4s);
    REQUIRE(heard.kinds.empty());
}

TEST_CASE("random Opus packets, and some with flipped bits, end nothing, and a voice after them is heard",
          "[bad_input]") {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::minstd_rand random(seed);
        auto packets = opus_of(spoken());
        for (std::size_t i = 0; i < 50; ++i) {
            auto& bytes = packets[i].bytes;
            if (seed % 2 == 0)
                bytes = bytes_of(random_bytes(random() % 1500, seed * 100 + static_cast<std::uint32_t>(i)));
            else if (bytes.size() > 0)
                bytes.data()[random() % bytes.size()] ^= static_cast<std::byte>(1U << random() % 8);
        }
        const auto count = packets.size();
        const auto heard = hear_packets(std::move(packets));
        REQUIRE(heard.order.size() == count);
        REQUIRE(heard.said.size() >= 1);
        REQUIRE(heard.kinds.back() == what::speech_end);
    }
}

TEST_CASE("packets in an order that can not be are decoded as they come", "[bad_input]") {
    auto packets = opus_of(spoken());
    std::minstd_rand random(3);
    for (std::size_t i = 0; i < 50; ++i)
        packets[i].stamp.sequence = (std::uint64_t{random()} << 33U) + random();
    packets[20].stamp.sequence = ~std::uint64_t{0};
    packets[21].stamp.sequence = 0;
    const auto count = packets.size();
    const auto heard = hear_packets(std::move(packets));
    REQUIRE(heard.broken == 0);
    REQUIRE(heard.order.size() >= count);
    REQUIRE(heard.order.size() <= count + std::size_t{5} * 51);
    REQUIRE(heard.said.size() == 1);
}

// --- Models, over the network -----------------------------------------------------------------------------

namespace {

std::string words_event(std::string_view said) {
    return "data: " +
           json::serialize(json::object{
               {"choices", json::array{json::object{{"delta", json::object{{"content", said}}}}}}}) +
           "\n\n";
}
fake_answer stream(const std::string& body) {
    return fake_answer().send(chunked_head() + chunk(body) + last_chunk);
}
fake_answer begun(const std::string& body) { return fake_answer().send(chunked_head() + chunk(body)); }
fake_answer fine() { return stream(words_event("All is well, thank you.") + "data: [DONE]\n\n"); }

}  // namespace

TEST_CASE("a model that fails in any way costs one answer: an apology is spoken, and the next is right",
          "[bad_input]") {
    struct trouble {
        const char* name;
        fake_answer answer;
        const char* before;  // what was said until then
    };
    const std::string half = words_event("I think that ");
    const std::vector<trouble> troubles{
        {"refuses the key", whole(401, R"({"error":{"message":"wrong key"}})"), ""},
        {"is out of order", whole(500, "<html>out of order</html>", "text/html"), ""},
        {"is too busy", whole(503, "", "text/plain"), ""},
        {"hangs up", fake_answer().cut(), ""},
        {"says nothing", fake_answer().stall(), ""},
        {"stalls after its head", fake_answer().send(chunked_head()).stall(), ""},
        {"stalls in the middle", begun(half).stall(), "I think that "},
        {"is cut off in the middle", begun(half).cut(), "I think that "},
        {"is cut off in a number", begun(half).send("zz").cut(), "I think that "},
        {"speaks no HTTP", fake_answer().send("220 smtp.example.org ready\r\n\r\n").cut(), ""},
        {"sends random bytes", fake_answer().send(random_bytes(5000)).cut(), ""},
        {"sends a page", whole(200, "<html>Welcome!</html>", "text/html"), ""},
        {"sends no JSON", stream("data: {{{{\n\ndata: [DONE]\n\n"), ""},
        {"sends other JSON", stream("data: [1,2,3]\n\ndata: 7\n\ndata: {\"choices\":7}\n\n"), ""},
        {"says what is no text",
         stream(R"(data: {"choices":[{"delta":{"content":{"a":1}}}]})"
                "\n\n"),
         ""},
        {"goes too deep", stream("data: " + std::string(100'000, '[') + "\n\n"), ""},
        {"tells of an error", stream(half + "data: {\"error\":{\"message\":\"no more\"}}\n\n"),
         "I think that "},
        {"sends bytes that are no characters", stream("data: \xff\xfe\xc0\n\n"), ""},
        {"sends a line without an end", begun("data: " + std::string(3'000'000, 'x')).stall(), ""},
    };
    with_server(
        [&troubles](const fake_request& r) {
            // Not by counting: a client may ask again of its own.
            const auto asked = r.body.substr(r.body.rfind("trouble ") + 8);
            const auto n = static_cast<std::size_t>(std::stoul(asked));
            return asked.find("again") == std::string::npos ? troubles.at(n).answer : fine();
        },
        [&troubles](fake_server& server) -> task<> {
            llm::openai_options o;
            o.url = server.url("/v1");
            o.retries = 0;
            o.first_token_timeout = 200ms;
            o.idle_timeout = 200ms;
            llm::openai model(o);
            speaking<llm::openai> s(model);
            s.voice.piece_frames = 16;
            words questions;
            for (std::size_t i = 0; i < troubles.size(); ++i) {
                questions.push_back("trouble " + std::to_string(i));
                questions.push_back("trouble " + std::to_string(i) + " again");
            }
            co_await s.ask(std::move(questions));
            const auto failures = s.failures();
            std::string spoken;
            for (const auto& w : s.voice.asked) spoken += w + " ";
            CAPTURE(failures);
            for (std::size_t i = 0; i < troubles.size(); ++i) {
                CAPTURE(troubles[i].name);
                const std::string before = troubles[i].before;
                CHECK(s.answers.at(2 * i) == before + (before.empty() ? "" : " ") + apology);
                CHECK(s.answers.at(2 * i + 1) == "All is well, thank you.");
            }
            REQUIRE(failures.size() == troubles.size());
            for (const auto& f : failures) REQUIRE(f.size() > 10);
            std::size_t apologies = 0;
            for (std::size_t at = 0; (at = spoken.find("Sorry", at)) != std::string::npos; ++at) ++apologies;
            REQUIRE(apologies == troubles.size());
            REQUIRE(s.voice.under_way == 0);
        });
}

// --- Tools ------------------------------------------------------------------------------------------------

namespace {

task<std::string> bad_tool_throws() {
    co_await sleep_for(10ms);
    throw std::runtime_error("no such planet");
}
task<std::string> bad_tool_throws_at_once() { throw std::runtime_error("not even begun"); }
task<std::string> bad_tool_throws_what_is_no_exception() {
    co_await sleep_for(10ms);
    throw 7;  // NOLINT(hicpp-exception-baseclass)
}
task<std::string> bad_tool_hangs() {
    co_await sleep_for(std::chrono::hours(24));
    co_return "never";
}
task<std::string> bad_tool_talks() {
    co_await sleep_for(10ms);
    co_return std::string(1'000'000, 'x');
}
task<std::string> bad_tool_sends_junk() {
    co_await sleep_for(10ms);
    co_return "\xff\xfe\x80 {\"a\": [";
}

}  // namespace

RTAI_TOOL(bad_tool_throws, "Throws.");
RTAI_TOOL(bad_tool_throws_at_once, "Throws.");
RTAI_TOOL(bad_tool_throws_what_is_no_exception, "Throws.");
RTAI_TOOL(bad_tool_hangs, "Hangs.", {.timeout = 2s});
RTAI_TOOL(bad_tool_talks, "Talks a lot.", {.most_result = 100});
RTAI_TOOL(bad_tool_sends_junk, "Sends what is no text.");

CO_TEST("a tool that throws, hangs or sends junk is told of, and the next question is answered",
        "[bad_input]") {
    std::string script = "rules:\n";
    llm::demo::options o;
    o.tools = {"bad_tool_throws", "bad_tool_throws_at_once", "bad_tool_throws_what_is_no_exception",
               "bad_tool_hangs",  "bad_tool_talks",          "bad_tool_sends_junk"};
    for (std::size_t i = 0; i < o.tools.size(); ++i)
        script += "  - when: number " + std::to_string(i) + "\n    call: { tool: " + o.tools[i] +
                  " }\n    answer: \"It said {result}.\"\n";
    script += "otherwise: All is well.\n";
    o.script = file_of_bytes("tools.yaml", script);
    o.pause = 0ms;
    o.piece = 1000;
    llm::demo model(o);
    speaking<llm::demo> s(model);
    words questions;
    for (std::size_t i = 0; i < o.tools.size(); ++i) {
        questions.push_back("number " + std::to_string(i));
        questions.emplace_back("hello");
    }
    const auto began = now();
    co_await s.ask(std::move(questions));
    const auto took = now() - began;
    REQUIRE(s.answers.size() == 12);
    for (std::size_t i = 1; i < 12; i += 2) REQUIRE(s.answers[i] == "All is well.");
    REQUIRE(s.answers[0] == R"(It said {"error":"'bad_tool_throws' failed: no such planet"}.)");
    REQUIRE(s.answers[2] == R"(It said {"error":"'bad_tool_throws_at_once' failed: not even begun"}.)");
    REQUIRE(s.answers[4] == R"(It said {"error":"'bad_tool_throws_what_is_no_exception' failed"}.)");
    REQUIRE(s.answers[6] == R"(It said {"error":"'bad_tool_hangs' did not finish within 2s"}.)");
    REQUIRE(s.answers[8].size() < 200);
    REQUIRE(took >= 2s);
    REQUIRE(took < 60s);
    REQUIRE(s.failures().empty());
    REQUIRE(s.voice.under_way == 0);
}

// --- Voices and recognisers -------------------------------------------------------------------------------

CO_TEST("a voice that fails in the middle of a session is told of, and what follows is spoken",
        "[bad_input]") {
    llm::demo model;
    speaking<llm::demo> s(model);
    words questions{"never", "please fail", "hello"};
    co_await s.ask(std::move(questions));
    const auto failures = s.failures();
    REQUIRE(s.answers == words{"You said: never", "You said: please fail", "You said: hello"});
    REQUIRE(failures.size() == 1);
    REQUIRE_THAT(failures[0], StartsWith("tts.fake: "));
    REQUIRE(s.voice.asked.back() == "You said: hello");
    REQUIRE(s.voice.under_way == 0);
}

CO_TEST("a voice that throws costs a sentence, and is told of", "[bad_input]") {
    llm::demo model;
    speaking<llm::demo, fragile_voice> s(model);
    s.voice.throws_at = 1;
    words questions{"one", "two", "three"};
    co_await s.ask(std::move(questions));
    const auto failures = s.failures();
    REQUIRE(s.voice.spoken == words{"You said: one", "You said: three"});
    REQUIRE(failures.size() == 1);
    REQUIRE_THAT(failures[0], StartsWith("tts.fragile: the voice is broken"));
}

TEST_CASE(
    "a recogniser that fails, throws or hangs costs its utterance, and the next question is answered aloud",
    "[bad_input]") {
    const std::pair<ear, const char*> troubles[] = {
        {ear::fails, "no words today"}, {ear::throws, "the recogniser is broken"}, {ear::hangs, "10000 ms"}};
    // So long that a recogniser which hangs is given up before the next is said.
    const auto voice = file_of("voice.wav", between_noise(16'000, 8s, 1s, 0.002));
    for (const auto& [trouble, told] : troubles) {
        CAPTURE(told);
        session<vad::energy> s({voice, voice});
        s.recogniser.trouble = {trouble};
        llm::demo model;
        edge<text> question;
        question.from(s.recogniser.out);
        question.into(model.in);
        edge<text> answer, sentence;
        sentences cut;
        fake_speaker speaker;
        answer.from(model.out);
        answer.into(cut.in);
        sentence.from(cut.out);
        sentence.into(speaker.in);
        drain<moment> failures(s.recogniser.events);
        drain<audio> sound(speaker.out, 1000);
        auto all = [&]() -> task<> { co_await join(s.all(), play(model), play(cut), play(speaker)); };
        in_world in(1);
        in.w.run(all());
        const auto failed = failures.take();
        REQUIRE(s.recogniser.lengths.size() == 2);
        REQUIRE(failed.size() == 1);
        REQUIRE(failed[0].what == what::failure);
        REQUIRE_THAT(failed[0].detail, Contains(told));
        REQUIRE(speaker.asked == words{"You said: question 2"});
        REQUIRE(sound.take().size() == 4);
    }
}
