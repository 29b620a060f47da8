#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <optional>
#include <rtai/core/event.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/data/json.hpp>
#include <rtai/gateway/connection.hpp>
#include <rtai/gateway/message.hpp>
#include <rtai/gateway/pipeline_view.hpp>
#include <rtai/gateway/session.hpp>
#include <rtai/gateway/watcher.hpp>
#include <rtai/graph/generated.hpp>
#include <rtai/graph/turn_teller.hpp>
#include <rtai/media/convert.hpp>
#include <rtai/observe/session_trace.hpp>
#include <rtai/service/conversation.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rtai::gateway {

struct conversation_limits {
    std::chrono::milliseconds idle{300'000};  ///< without a word from the client
    std::size_t text = 16 << 10;              ///< bytes of one text
};

/// A session's life between a client and a pipeline's ports.
class conversation {
public:
    conversation(connection& c, session& s, watcher& w, event& stopping, conversation_limits l) noexcept
        : client_(c), session_(s), watcher_(w), stopping_(stopping), limits_(l) {}
    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;
    ~conversation() {
        const bool cut_off = begun_ && !ended_;
        if (cut_off) edges_.look(view_, session_, watcher_, false);
        close();
        if (cut_off) watcher_.ended(session_, ending::gone, {});
        if (session_.trace) session_.trace->end();
    }

    service::conversation ends;

    /// Until the pipeline has come to its end, the client has gone, or something broke. What has not ended
    /// then is cancelled.
    task<ending> run(pipeline_view view, task<> pipeline) {
        open(std::move(view));
        begin_trace();
        watcher_.began(session_);
        begun_ = true;
        std::string failure;
        try {
            auto first = co_await race(talk(std::move(pipeline)), client_.gone().wait(), hung_up_.wait(),
                                       look_at_edges());
            if (first.index() == 1) why_ = ending::gone;
        } catch (const std::exception& e) {
            failure = e.what();
            why_ = ending::failed;
        }
        if (why_ == ending::failed) {
            trouble sorry("internal", "something went wrong here; please try again", true);
            auto told = co_await with_timeout(last_words, client_.send(std::move(sorry)));
            (void)told;
        }
        edges_.look(view_, session_, watcher_, false);
        close();
        ended_ = true;
        watcher_.ended(session_, why_, failure);
        if (session_.trace) session_.trace->end(failure);
        co_await client_.close(why_);
        co_return why_;
    }

private:
    static constexpr std::size_t most_news = 4096;
    static constexpr std::chrono::milliseconds last_words{1000};
    static constexpr std::chrono::milliseconds quiet_check{50};
    static constexpr std::chrono::milliseconds edge_look{1000};

    void open(pipeline_view view) {
        view_ = std::move(view);
        session_.inspect = [this] { return json::value(about_session(session_, ends, view_)); };
        session_.hang_up = [this] { hung_up_.set(); };
        if (view_.turn != nullptr) view_.turn->log().listen(this, [this](const moment& m) { note(m); });
    }
    void close() noexcept {
        session_.inspect = nullptr;
        session_.hang_up = nullptr;
        if (view_.turn != nullptr) view_.turn->log().stop_listening(this);
        view_ = pipeline_view();
    }

    void begin_trace() {
        session_.trace = observe::session_trace::begin(watcher_.traces(), session_.caller, session_.id);
        if (!session_.trace) return;
        session_.trace->set({"transport", session_.transport});
        session_.trace->set({"pipeline", session_.pipeline});
    }

    task<> talk(task<> pipeline) {
        welcome hello(session_.id, client_.sound(ends.audio_out.format()));
        hello.trace = session_.trace_id();
        const bool there = co_await client_.send(std::move(hello));
        if (!there) co_return;
        std::vector<task<>> work;
        work.push_back(hear());
        work.push_back(play_to_end(std::move(pipeline)));
        if (ends.audio_out) work.push_back(say_sound());
        for (const auto& [name, in] : ends.text_out.all()) work.push_back(say_words(name, in));
        if (ends.moment_out) work.push_back(say_moments());
        if (ends.image_out) work.push_back(say_all(ends.image_out));
        if (ends.video_out) work.push_back(say_all(ends.video_out));
        if (ends.control_out) work.push_back(say_all(ends.control_out));
        if (view_.turn != nullptr) work.push_back(say_news());
        co_await join(std::move(work));
    }

    task<> play_to_end(task<> pipeline) {
        co_await observe::within_session(session_.trace.get(), std::move(pipeline));
        over_ = true;
        came_.set();
    }

    // --- What the client says ----------------------------------------------------------------------------

    /// Until the client has no more to say, or is to say no more.
    task<> hear() {
        co_await race(hear_client(), until_quiet());
        ends.audio_in.disconnect();
        ends.video_in.disconnect();
        ends.image_in.disconnect();
        ends.text_in.disconnect();
        ends.control_in.disconnect();
    }

    task<> hear_client() {
        for (;;) {
            auto next = co_await with_timeout(limits_.idle, client_.receive());
            if (!next.ok()) {
                why_ = ending::idle;
                trouble t("idle", "the session ends, because nothing was said for too long", true);
                const bool told = co_await client_.send(std::move(t));
                (void)told;
                co_return;
            }
            if (!next->has_value()) co_return;
            const bool goes_on = co_await take(std::move(**next));
            if (!goes_on) co_return;
        }
    }

    /// Asked to end, a conversation does so when nobody is speaking.
    task<> until_quiet() {
        co_await stopping_.wait();
        while (view_.turn != nullptr && (view_.turn->answering() || view_.turn->person_speaks()))
            co_await sleep_for(quiet_check);
        why_ = ending::drain;
    }

    task<bool> take(from_client m) {
        if (auto* sound = std::get_if<audio>(&m)) return take_sound(std::move(*sound));
        if (auto* words = std::get_if<text>(&m)) return take_words(std::move(*words));
        if (auto* picture = std::get_if<image>(&m))
            return hand_in(std::move(*picture), ends.image_in, "pictures");
        if (auto* frame = std::get_if<video>(&m)) return hand_in(std::move(*frame), ends.video_in, "video");
        return take_order(std::move(std::get<control>(m)));
    }

    task<bool> take_sound(audio a) {
        if (!ends.audio_in) co_return co_await refuse("sound");
        count_in(a.bytes().size());
        if (a.stamp.at == time_point()) a.stamp.at = now();
        if (!heard_ || heard_->format() != ends.audio_in.format()) heard_.emplace(ends.audio_in.format());
        audio converted = heard_->convert(std::move(a));
        if (converted.frames() == 0) co_return true;
        const bool taken = co_await ends.audio_in.send(std::move(converted));
        co_return taken;
    }

    task<bool> take_words(text t) {
        if (!ends.text_in) co_return co_await refuse("words");
        count_in(t.words.size());
        if (t.words.size() > limits_.text) {
            trouble long_one("too_long", "a text may have " + std::to_string(limits_.text) +
                                             " bytes, and this one has " + std::to_string(t.words.size()));
            const bool told = co_await client_.send(std::move(long_one));
            co_return told;
        }
        t.stamp.at = now();
        const bool taken = co_await ends.text_in.send(std::move(t));
        co_return taken;
    }

    task<bool> take_order(control c) {
        if (c.order == order::flush && view_.turn != nullptr) (void)view_.turn->interrupt();
        else if (ends.control_in) co_return co_await hand_in(std::move(c), ends.control_in, "orders");
        co_return true;
    }

    template <class T, class Port>
    task<bool> hand_in(T value, Port& into, std::string_view what) {
        if (!into) co_return co_await refuse(what);
        if constexpr (requires { value.bytes.size(); }) count_in(value.bytes.size());
        const bool taken = co_await into.send(std::move(value));
        co_return taken;
    }

    /// Told once of each.
    task<bool> refuse(std::string_view what) {
        if (refused_.find(what) != std::string::npos) co_return true;
        refused_ += what;
        trouble t("not_taken", "this conversation takes no " + std::string(what));
        const bool told = co_await client_.send(std::move(t));
        co_return told;
    }

    void count_in(std::size_t bytes) {
        session_.bytes_in += bytes;
        watcher_.received(session_, bytes);
    }

    // --- What the client is told -------------------------------------------------------------------------

    task<> say_sound() {
        while (auto a = co_await ends.audio_out.receive()) {
            // The client stops what it plays when it hears of an interruption: what was under way then, and
            // what fades out, come too late for it.
            const auto of = a->stamp.epoch;
            if (view_.turn != nullptr && view_.turn->stale(of)) continue;
            if (of != 0) fading_ = false;
            else if (fading_) continue;
            const time_point due = a->stamp.at;
            const auto wanted = client_.sound(a->format);
            if (!spoken_ || spoken_->format() != wanted) spoken_.emplace(wanted);
            audio converted = spoken_->convert(std::move(*a));
            const auto bytes = converted.bytes().size();
            if (bytes == 0) continue;
            session_.bytes_out += bytes;
            const bool taken = co_await client_.send(std::move(converted));
            if (!taken) break;
            watcher_.sent(session_, bytes, due != time_point() ? now() - due : duration(-1));
        }
        ends.audio_out.disconnect();
    }

    task<> say_words(const std::string& name, const input<text, if_wired>& in) {
        while (auto t = co_await in.receive()) {
            caption c(name, std::move(*t));
            session_.bytes_out += c.words.words.size();
            watcher_.sent(session_, c.words.words.size(), duration(-1));
            const bool taken = co_await client_.send(std::move(c));
            if (!taken) break;
        }
    }

    template <class Port>
    task<> say_all(Port& in) {
        while (auto value = co_await in.receive()) {
            const bool taken = co_await client_.send(std::move(*value));
            if (!taken) break;
        }
        in.disconnect();
    }

    task<> say_moments() {
        while (auto m = co_await ends.moment_out.receive()) {
            happening h = happened(std::move(*m));
            const bool taken = co_await client_.send(std::move(h));
            if (!taken) break;
        }
        ends.moment_out.disconnect();
    }

    void note(const moment& m) {
        if (m.what == what::interruption) {
            fading_ = true;
            spoken_.reset();  // with what a change of rates still keeps
        }
        if (news_.size() == most_news) news_.pop_front();
        news_.push_back(m);
        came_.set();
    }

    /// What the turns' log says, in its order.
    task<> say_news() {
        turn_teller teller(view_.turn->log());
        while (!over_ || !news_.empty()) {
            if (news_.empty()) {
                came_.reset();
                co_await came_.wait();
                continue;
            }
            moment m = std::move(news_.front());
            news_.pop_front();
            watcher_.happened(session_, m);
            follow(m.what);
            const auto* before = teller.before(m);
            const bool there = co_await tell_turn(before);
            if (!there) co_return;
            happening h = happened(m);
            const bool still_there = co_await client_.send(std::move(h));
            if (!still_there) co_return;
            watcher_.told(session_, now() - m.stamp.at);
            const auto* after = teller.after(m);
            const bool there_to_the_end = co_await tell_turn(after);
            if (!there_to_the_end) co_return;
        }
        const auto* last = teller.end();
        const bool there = co_await tell_turn(last);
        (void)there;
    }

    happening happened(moment m) const {
        const duration since = m.stamp.at - session_.since;
        return {std::move(m), since};
    }

    task<bool> tell_turn(const turn_record* r) {
        if (r == nullptr) co_return true;
        session_.count_turn();
        watcher_.turned(session_, *r);
        turn_told t(*r);
        const bool there = co_await client_.send(std::move(t));
        co_return there;
    }

    void follow(what w) noexcept {
        using enum session_state;
        if (w == what::speech_start) session_.state = hearing;
        if (w == what::speech_end || w == what::playout_end || w == what::interruption)
            session_.state = listening;
        if (w == what::thinking) session_.state = thinking;
        if (w == what::playout_start || w == what::resumed) session_.state = speaking;
        if (w == what::paused) session_.state = paused;
    }

    /// What waits in the wires and what they drop, for the watcher; until it is cancelled.
    task<> look_at_edges() {
        for (;;) {
            co_await sleep_for(edge_look);
            edges_.look(view_, session_, watcher_, true);
        }
    }
    connection& client_;
    session& session_;
    watcher& watcher_;
    event& stopping_;
    conversation_limits limits_;
    pipeline_view view_;
    ending why_ = ending::done;

    std::optional<converter> heard_;
    std::optional<converter> spoken_;
    std::string refused_;
    std::deque<moment> news_;
    event came_;
    event hung_up_;
    edge_watch edges_;
    bool begun_ = false;
    bool ended_ = false;
    bool over_ = false;
    bool fading_ = false;
};

/// Runs a pipeline for a client. `wire(ends, pipeline)` connects the pipeline's ports.
template <class Pipeline, class Wire>
task<ending> converse(connection& client, session& s, watcher& w, event& stopping, conversation_limits limits,
                      const typename Pipeline::options& with, Wire wire) {
    Pipeline pipeline{with};
    conversation c(client, s, w, stopping, limits);
    wire(c.ends, pipeline);
    auto view = view_of(pipeline);
    const auto why = co_await c.run(std::move(view), play(pipeline));
    co_return why;
}

}  // namespace rtai::gateway
