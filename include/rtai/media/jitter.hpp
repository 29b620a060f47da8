#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/data/audio.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/packet.hpp>
#include <utility>
#include <vector>

namespace rtai {

struct jitter_options {
    std::uint32_t clock = 48'000;
    duration frame = std::chrono::milliseconds(20);
    duration start = std::chrono::milliseconds(40);
    duration least = std::chrono::milliseconds(20);
    duration most = std::chrono::milliseconds(400);
    double quantile = 0.97;
    std::uint32_t conceal = 5;
    RTAI_DESCRIBE(jitter_options, clock, frame, start, least, most, quantile, conceal)

    static void notes(rtai::notes<jitter_options>& about) {
        about(&jitter_options::clock, "how many units of the packets' timestamps a second has");
        about(&jitter_options::frame, "how much sound a packet usually has", range(0.0025, 0.12));
        about(&jitter_options::start, "how long packets wait before anything is known of the network");
        about(&jitter_options::least, "how long packets wait at least");
        about(&jitter_options::most, "how long a packet waits at most, however the network is",
              range(0.01, 10));
        about(&jitter_options::quantile, "which part of the packets is to be in time", range(0.5, 0.999));
        about(&jitter_options::conceal,
              "how many packets lost in a row are told of; more of them are passed over", range(0, 100));
    }
};

struct jitter_statistics {
    std::uint64_t received = 0;
    std::uint64_t given = 0;
    std::uint64_t lost = 0;       ///< not here when their time came
    std::uint64_t late = 0;       ///< came after that
    std::uint64_t duplicate = 0;  ///< came again
    std::uint64_t reordered = 0;  ///< came after a later one, but in time
    std::uint64_t dropped = 0;    ///< thrown away for want of room, or by a reset
    std::uint64_t resets = 0;
    duration target{};     ///< how long a packet that was not held up waits now
    duration variation{};  ///< of the network's delay, as RFC 3550 counts it
};

/// What is to be played next.
struct jitter_item {
    enum class kind : std::uint8_t { nothing, sound, lost };

    explicit operator bool() const noexcept { return is != kind::nothing; }

    kind is = kind::nothing;
    packet sound;
    std::uint64_t sequence = 0;    ///< goes on where the packets' own begins anew
    duration time{};               ///< how much sound is here, or is missing
    const packet* next = nullptr;  ///< of what is lost: the packet after it, until the buffer is used again
};

/// Puts packets from a network in order again, and gives each out when its time has come. It knows no clock:
/// it is told the time.
///
/// The least delay of the last seconds is taken for that of the way, so a sender's clock may drift. What
/// packets come later than that goes into a histogram which forgets slowly; the target is its quantile.
/// With nothing behind a missing packet it waits: the sender may have paused, and what comes late is still
/// of use then.
class jitter_buffer {
public:
    explicit jitter_buffer(const jitter_options& o = {})
        : options_(o),
          clock_(o.clock == 0 ? 48'000 : o.clock),
          width_(std::max<duration>(o.most / buckets, duration(1))),
          slots_(std::bit_ceil(static_cast<std::size_t>(std::clamp<duration::rep>(
              2 * o.most / std::max<duration>(o.frame, std::chrono::microseconds(2'500)), 32, 4096)))) {
        late_.at(bucket_of(o.start - width_)) = 1;
        aim();
    }

    /// A packet that came; whether it is of use.
    bool put(std::uint16_t sequence, std::uint32_t timestamp, packet p, time_point arrival) {
        ++counts_.received;
        if (!begun_) {
            begin(65'536U + sequence, timestamp, arrival);
        } else {
            const auto step = static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(highest_));
            if (step > most_ahead || step < -most_behind)
                return put_elsewhere(sequence, timestamp, std::move(p), arrival);
        }
        elsewhere_.reset();
        return keep(sequence, timestamp, std::move(p), arrival);
    }

    /// What is to be played at this time. Ask again until there is nothing.
    jitter_item get(time_point now) {
        while (kept_ > 0) {
            slot& first = first_kept();
            const std::uint64_t missing = first.sequence - next_;
            if (now < due_of(first, missing)) break;
            if (missing == 0) return give(first);
            if (auto gap = pass(first, missing)) return *std::move(gap);
        }
        return {};
    }

    /// When there will be something, if nothing comes before.
    std::optional<time_point> next_due() const {
        if (kept_ == 0) return std::nullopt;
        const slot& first = const_cast<jitter_buffer*>(this)->first_kept();
        return due_of(first, first.sequence - next_);
    }

    /// How many packets wait.
    std::size_t size() const noexcept { return kept_; }

    duration target() const noexcept { return target_; }

    jitter_statistics statistics() const noexcept {
        jitter_statistics s = counts_;
        s.target = target_;
        s.variation = variation_;
        return s;
    }

private:
    static constexpr std::size_t buckets = 64;
    static constexpr int most_ahead = 1000;  // packets, before it is taken for another stream
    static constexpr int most_behind = 200;
    static constexpr float forget = 0.997F;  // 20 s of usual packets
    static constexpr float weight = 0.003F;  // of a packet that was in time
    static constexpr float heavy = 0.012F;   // of one that was not, so that the target grows fast
    static constexpr std::chrono::seconds window{5};
    static constexpr std::chrono::seconds jump{2};  // of timestamps, before they are taken for new ones

    enum class state : std::uint8_t { empty, kept, given };

    struct slot {
        packet sound;
        std::uint64_t sequence = 0;
        time_point sent{};  // on our clock, but for the way
        time_point arrival{};
        state is = state::empty;
    };

    struct stray {
        std::uint16_t sequence;
        std::uint32_t timestamp;
        packet sound;
        time_point arrival;
    };

    slot& at(std::uint64_t sequence) noexcept { return slots_[sequence & (slots_.size() - 1)]; }

    void begin(std::uint64_t sequence, std::uint32_t timestamp, time_point arrival) {
        begun_ = true;
        given_any_ = false;
        highest_ = next_ = sequence;
        timestamp_ = timestamp;
        units_ = 0;
        origin_ = arrival;
        least_now_ = least_before_ = duration::zero();
        window_end_ = arrival + window;
        last_transit_ = duration::zero();
    }

    /// A packet far from the others: of another stream, if the one after it comes, too.
    bool put_elsewhere(std::uint16_t sequence, std::uint32_t timestamp, packet p, time_point arrival) {
        if (!elsewhere_ || static_cast<std::uint16_t>(elsewhere_->sequence + 1) != sequence) {
            if (elsewhere_) ++counts_.dropped;
            elsewhere_.emplace(stray{sequence, timestamp, std::move(p), arrival});
            return true;
        }
        ++counts_.resets;
        counts_.dropped += kept_;
        for (auto& s : slots_) s = {};
        kept_ = 0;
        stray first = std::move(*elsewhere_);
        elsewhere_.reset();
        begin((highest_ / 65'536 + 2) * 65'536 + first.sequence, first.timestamp, first.arrival);
        (void)keep(first.sequence, first.timestamp, std::move(first.sound), first.arrival);
        return keep(sequence, timestamp, std::move(p), arrival);
    }

    bool keep(std::uint16_t sequence, std::uint32_t timestamp, packet p, time_point arrival) {
        const auto step = static_cast<std::int16_t>(sequence - static_cast<std::uint16_t>(highest_));
        const std::uint64_t number = highest_ + static_cast<std::uint64_t>(std::int64_t{step});
        slot& place = at(number);
        if (place.is != state::empty && place.sequence == number) {
            ++counts_.duplicate;
            return false;
        }
        const time_point sent = measure(timestamp, arrival);
        // Nothing has been played yet, so that what comes now may be the first.
        if (!given_any_ && number < next_ && highest_ - number < slots_.size()) next_ = number;
        if (number < next_) {
            ++counts_.late;
            return false;
        }
        if (step < 0) ++counts_.reordered;
        highest_ = std::max(highest_, number);
        for (; number - next_ >= slots_.size(); ++next_) make_room();
        slot& into = at(number);
        into.sound = std::move(p);
        into.sequence = number;
        into.sent = sent;
        into.arrival = arrival;
        into.is = state::kept;
        ++kept_;
        return true;
    }

    void make_room() {
        slot& s = at(next_);
        if (s.is == state::kept && s.sequence == next_) {
            ++counts_.dropped;
            last_sent_ = s.sent;
            s = {};
            --kept_;
        } else {
            ++counts_.lost;
        }
        given_any_ = true;
    }

    /// When a packet was sent on our clock, if the way took no time; and learns how long the way takes.
    time_point measure(std::uint32_t timestamp, time_point arrival) {
        units_ += static_cast<std::int32_t>(timestamp - timestamp_);
        timestamp_ = timestamp;
        time_point sent = origin_ + time_of(units_);
        duration transit = arrival - sent;
        if (transit - way() > jump || way() - transit > jump) {
            // The sender's clock was set, or stood still: go on as if it had not.
            origin_ += transit - way();
            sent += transit - way();
            transit = way();
        }
        if (arrival >= window_end_) {
            least_before_ = std::exchange(least_now_, transit);
            window_end_ = arrival + window;
        }
        least_now_ = std::min(least_now_, transit);
        const duration off = transit > last_transit_ ? transit - last_transit_ : last_transit_ - transit;
        last_transit_ = transit;
        variation_ += (off - variation_) / 16;

        const duration behind = transit - way();
        const float more = behind > target_ ? heavy : weight;
        for (auto& l : late_) l *= forget;
        late_.at(bucket_of(behind)) += more;
        aim();
        return sent;
    }

    duration time_of(std::int64_t units) const noexcept {
        constexpr std::int64_t second = 1'000'000'000;
        return duration(units / clock_ * second + units % clock_ * second / clock_);
    }

    duration way() const noexcept { return std::min(least_now_, least_before_); }

    std::size_t bucket_of(duration d) const noexcept {
        return static_cast<std::size_t>(
            std::clamp<duration::rep>(d / width_, 0, static_cast<duration::rep>(buckets) - 1));
    }

    void aim() noexcept {
        float all = 0;
        for (const float l : late_) all += l;
        const float beyond = all * static_cast<float>(1 - options_.quantile);
        // From the end, where the fewest are.
        float sum = 0;
        std::size_t last = buckets;
        while (last > 1 && sum + late_[last - 1] <= beyond) sum += late_[--last];
        target_ = std::clamp(width_ * static_cast<duration::rep>(last),
                             std::min(options_.least, options_.most), options_.most);
    }

    slot& first_kept() {
        std::uint64_t n = next_;
        while (at(n).is != state::kept || at(n).sequence != n) ++n;
        return at(n);
    }

    time_point due_of(const slot& first, std::uint64_t missing) const noexcept {
        const time_point due = std::min(first.sent + way() + target_, first.arrival + options_.most);
        if (missing == 0 || !given_any_) return due;
        // What is missing was sent between the one before and this, evenly.
        const duration since = (first.sent - last_sent_) / static_cast<duration::rep>(missing + 1);
        return std::min(due, last_sent_ + since + way() + target_);
    }

    jitter_item give(slot& s) {
        jitter_item item;
        item.is = jitter_item::kind::sound;
        item.sound = std::move(s.sound);
        s.sound = {};
        item.sequence = s.sequence;
        item.time = item.sound.time == duration::zero() ? options_.frame : item.sound.time;
        s.is = state::given;
        --kept_;
        last_sent_ = s.sent;
        next_ = s.sequence + 1;
        given_any_ = true;
        lost_in_a_row_ = 0;
        ++counts_.given;
        return item;
    }

    std::optional<jitter_item> pass(const slot& first, std::uint64_t missing) {
        last_sent_ += (first.sent - last_sent_) / static_cast<duration::rep>(missing + 1);
        ++counts_.lost;
        const std::uint64_t number = next_++;
        if (++lost_in_a_row_ > options_.conceal) return std::nullopt;
        jitter_item item;
        item.is = jitter_item::kind::lost;
        item.sequence = number;
        item.time = options_.frame;
        if (missing == 1) item.next = &first.sound;
        return item;
    }

    jitter_options options_;
    std::int64_t clock_;
    duration width_;
    std::vector<slot> slots_;
    std::size_t kept_ = 0;

    bool begun_ = false;
    bool given_any_ = false;
    std::uint64_t next_ = 0;
    std::uint64_t highest_ = 0;
    std::uint64_t lost_in_a_row_ = 0;
    time_point last_sent_{};
    std::optional<stray> elsewhere_;

    std::uint32_t timestamp_ = 0;
    std::int64_t units_ = 0;
    time_point origin_{};
    duration least_now_{};
    duration least_before_{};
    time_point window_end_{};
    duration last_transit_{};
    duration variation_{};
    std::array<float, buckets> late_{};
    duration target_{};
    jitter_statistics counts_;
};

}  // namespace rtai
