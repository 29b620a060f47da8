#pragma once

#include <rtai/core/task.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/graph/generated.hpp>
#include <rtai/service/conversation.hpp>
#include <utility>

namespace bench {

/// A pipeline that sends back what it hears at once. Every two seconds a turn is told of, more often than in
/// any conversation.
struct mirror {
    struct options {
        RTAI_DESCRIBE(options)
    };
    explicit mirror(const options&) {}

    rtai::input<rtai::audio> mic;
    rtai::output<rtai::audio> speaker;
    RTAI_DESCRIBE(mirror, mic, speaker)

    rtai::turn turn;

    rtai::task<> run() {
        for (int frames = 0; auto a = co_await mic.receive(); ++frames) {
            if (frames % 100 == 25) have_turn();
            const bool taken = co_await speaker.send(std::move(*a));
            if (!taken) co_return;
        }
    }

private:
    void have_turn() {
        using rtai::what;
        const auto e = turn.begin();
        auto& words = turn.log().record(e).speech;
        words.begin("said at once");
        words.end();
        words.close();
        for (const auto w :
             {what::speech_start, what::speech_end, what::heard, what::end_of_turn, what::thinking,
              what::first_sentence, what::first_audio, what::playout_start, what::playout_end})
            turn.note(w, e);
        turn.finish(e);
    }
};

/// Connects it to a session, as generated programs do.
struct wire_mirror {
    void operator()(rtai::service::conversation& ends, mirror& m) const {
        wire(ends.audio_in, m.mic, rtai::audio_format());
        wire<rtai::block>(m.speaker, ends.audio_out, rtai::audio_format());
    }
};

}  // namespace bench
