#pragma once

#include <cstddef>
#include <cstdint>
#include <rtai/ai/sentences.hpp>
#include <rtai/ai/turn/turn_taking.hpp>
#include <rtai/ai/vad/silero.hpp>
#include <rtai/core/join.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/elements/opus_decode.hpp>
#include <rtai/graph/elements/opus_encode.hpp>
#include <rtai/graph/elements/pacer.hpp>
#include <rtai/graph/elements/tee.hpp>
#include <rtai/graph/generated.hpp>
#include <utility>

#include "bare.hpp"
#include "scripted.hpp"

namespace bench {

/// A call of a person with a machine, as generated code wires it.
class session {
public:
    /// The first packet is due a frame after `start`, and is the one of the scene at `first`.
    session(const scene& s, rtai::time_point start, std::size_t first, std::size_t packets)
        : turn(turns(s)), line(s, start, first, packets), detect(vad(s)), tts(s) {}

    rtai::task<> run() {
        using rtai::play;
        came_.from(line.out), came_.into(decode.in);
        sound_.from(decode.out), sound_.into(detect.in);
        voice_.from(detect.out), voice_.into(stt.in);
        speech_.from(detect.speech), speech_.into(both.in);
        to_stt_.from(both.out), to_stt_.into(stt.speech);
        to_taking_.from(both.out), to_taking_.into(taking.speech);
        words_.from(stt.out), words_.into(taking.in);
        said_.from(taking.out), said_.into(llm.in);
        orders_.from(taking.orders), orders_.into(pace.control);
        answer_.from(llm.out), answer_.into(cut.in);
        sentences_.from(cut.out), sentences_.into(tts.in);
        made_.from(tts.out), made_.into(pace.in);
        paced_.from(pace.out), paced_.into(encode.in);
        goes_.from(encode.out), goes_.into(ear.in);
        belong_to(turn, line, decode, detect, both, stt, taking, llm, cut, tts, pace, encode, ear, came_,
                  sound_, voice_, speech_, to_stt_, to_taking_, words_, said_, orders_, answer_, sentences_,
                  made_, paced_, goes_);
        co_await rtai::join(play(line), play(decode), play(detect), play(both), play(stt), play(taking),
                            play(llm), play(cut), play(tts), play(pace), play(encode), play(ear));
    }

    /// Frames that got lost because somebody was too slow.
    std::uint64_t lost() const noexcept {
        return came_.stats().dropped + sound_.stats().dropped + voice_.stats().dropped +
               paced_.stats().dropped + goes_.stats().dropped;
    }

    rtai::turn turn;
    scripted_line line;
    rtai::opus_decode decode;
    rtai::vad::silero detect;
    rtai::tee<rtai::moment> both;
    scripted_stt stt;
    rtai::turn_taking taking;
    scripted_llm llm;
    rtai::sentences cut;
    scripted_tts tts;
    rtai::pacer pace;
    rtai::opus_encode encode;
    scripted_ear ear;

private:
    static rtai::turn_options turns(const scene& s) {
        rtai::turn_options o;
        o.min_delay = s.wait;
        return o;
    }
    static rtai::vad::silero::options vad(const scene& s) {
        rtai::vad::silero::options o;
        o.stop_after = s.wait;
        o.model = silero_file();
        return o;
    }

    rtai::edge<rtai::packet> came_, goes_;
    rtai::edge<rtai::audio> sound_{{}, ear_format}, voice_, paced_;
    rtai::edge<rtai::audio, rtai::block> made_;
    rtai::edge<rtai::moment> speech_, to_stt_, to_taking_;
    rtai::edge<rtai::text> words_, said_, answer_, sentences_;
    rtai::edge<rtai::control> orders_;
};

}  // namespace bench
