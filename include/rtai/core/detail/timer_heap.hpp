#pragma once

#include <cstddef>
#include <cstdint>
#include <rtai/core/clock.hpp>
#include <rtai/core/detail/runnable.hpp>
#include <utility>
#include <vector>

namespace rtai::detail {

/// An entry of a `timer_heap`; its owner keeps it alive while it is in there.
struct timer_entry {
    time_point when;
    std::uint64_t order;
    std::size_t place;
    runnable* item;
    bool fired;
};

/// Deadlines, earliest first; those of the same time in the order they were set.
class timer_heap {
public:
    bool empty() const noexcept { return heap_.empty(); }
    std::size_t size() const noexcept { return heap_.size(); }
    time_point next() const noexcept { return heap_.empty() ? never : heap_.front()->when; }

    void insert(timer_entry& entry) {
        entry.order = ++orders_;
        heap_.push_back(&entry);
        rise(heap_.size() - 1, &entry);
    }

    void remove(timer_entry& entry) noexcept {
        timer_entry* last = heap_.back();
        heap_.pop_back();
        if (last == &entry) return;
        rise(entry.place, last);
        sink(last->place, last);
    }

    timer_entry& pop() noexcept {
        timer_entry& first = *heap_.front();
        remove(first);
        return first;
    }

private:
    static constexpr std::size_t arity = 4;

    static bool before(const timer_entry& a, const timer_entry& b) noexcept {
        return a.when != b.when ? a.when < b.when : a.order < b.order;
    }

    void put(std::size_t place, timer_entry* entry) noexcept {
        heap_[place] = entry;
        entry->place = place;
    }

    void rise(std::size_t place, timer_entry* entry) noexcept {
        while (place > 0) {
            const std::size_t parent = (place - 1) / arity;
            if (!before(*entry, *heap_[parent])) break;
            put(place, heap_[parent]);
            place = parent;
        }
        put(place, entry);
    }

    void sink(std::size_t place, timer_entry* entry) noexcept {
        for (;;) {
            const std::size_t first = place * arity + 1;
            if (first >= heap_.size()) break;
            std::size_t least = first;
            for (std::size_t i = first + 1; i < first + arity && i < heap_.size(); ++i)
                if (before(*heap_[i], *heap_[least])) least = i;
            if (!before(*heap_[least], *entry)) break;
            put(place, heap_[least]);
            place = least;
        }
        put(place, entry);
    }

    std::vector<timer_entry*> heap_;
    std::uint64_t orders_ = 0;
};

}  // namespace rtai::detail
