#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <rtai/ai/stt/sphinx_decoder.hpp>
#include <rtai/core/result.hpp>
#include <utility>
#include <vector>

namespace rtai::stt {

/// The decoders of one kind, for all conversations of the process, which borrow one for an utterance each,
/// first come, first served.
class sphinx_pool : public std::enable_shared_from_this<sphinx_pool> {
public:
    explicit sphinx_pool(sphinx_setup s) : setup_(std::move(s)) {}

    /// That of this kind. It stays until the program ends: loading takes long.
    static std::shared_ptr<sphinx_pool> of(const sphinx_setup& setup, std::size_t most) {
        static std::mutex guard;
        static std::vector<std::shared_ptr<sphinx_pool>> all;
        const std::lock_guard lock(guard);
        auto found =
            std::find_if(all.begin(), all.end(), [&](const auto& pool) { return pool->setup_ == setup; });
        if (found == all.end()) found = all.insert(all.end(), std::make_shared<sphinx_pool>(setup));
        (*found)->allow(most);
        return *found;
    }

    /// A borrowed decoder; or leave to load one.
    class lease {
    public:
        lease(std::shared_ptr<sphinx_pool> p, std::unique_ptr<sphinx_decoder> d) noexcept
            : pool_(std::move(p)), decoder_(std::move(d)) {}
        lease(lease&&) noexcept = default;
        lease& operator=(lease&&) = delete;
        ~lease() {
            if (pool_) pool_->give_back(std::move(decoder_));
        }

        bool loaded() const noexcept { return decoder_ != nullptr; }
        result<> load() {
            auto made = sphinx_decoder::load(pool_->setup_);
            if (!made) return made.error();
            decoder_ = std::move(*made);
            return {};
        }
        sphinx_decoder& operator*() const noexcept { return *decoder_; }

    private:
        std::shared_ptr<sphinx_pool> pool_;
        std::unique_ptr<sphinx_decoder> decoder_;
    };

    /// A place in the line of those who want to borrow.
    class place {
    public:
        explicit place(std::shared_ptr<sphinx_pool> p) : pool_(std::move(p)) { pool_->stand_in_line(*this); }
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place() { pool_->leave_line(*this); }

        /// Nothing as long as it is not this one's turn.
        std::optional<lease> take() { return pool_->take(*this); }

    private:
        std::shared_ptr<sphinx_pool> pool_;
    };

    std::size_t loaded() const {
        const std::lock_guard lock(mutex_);
        return made_;
    }
    std::size_t most() const {
        const std::lock_guard lock(mutex_);
        return most_;
    }

private:
    void allow(std::size_t most) {
        const std::lock_guard lock(mutex_);
        most_ = std::max(most_, most);
    }
    void stand_in_line(place& p) {
        const std::lock_guard lock(mutex_);
        line_.push_back(&p);
    }
    void leave_line(place& p) noexcept {
        const std::lock_guard lock(mutex_);
        std::erase(line_, &p);
    }

    std::optional<lease> take(place& p) {
        const std::lock_guard lock(mutex_);
        const auto mine = static_cast<std::size_t>(std::find(line_.begin(), line_.end(), &p) - line_.begin());
        if (mine >= line_.size() || mine >= idle_.size() + (most_ - made_)) return std::nullopt;
        std::unique_ptr<sphinx_decoder> decoder;
        if (!idle_.empty()) {
            decoder = std::move(idle_.front());
            idle_.pop_front();
        } else {
            ++made_;
        }
        std::erase(line_, &p);
        return lease(shared_from_this(), std::move(decoder));
    }

    void give_back(std::unique_ptr<sphinx_decoder> d) noexcept {
        const std::lock_guard lock(mutex_);
        if (!d) --made_;
        // One whose utterance was given up has to end that first: it is taken last.
        else if (d->open()) idle_.push_back(std::move(d));
        else idle_.push_front(std::move(d));
    }

    const sphinx_setup setup_;
    mutable std::mutex mutex_;
    std::deque<std::unique_ptr<sphinx_decoder>> idle_;
    std::deque<place*> line_;
    std::size_t made_ = 0;
    std::size_t most_ = 1;
};

}  // namespace rtai::stt
