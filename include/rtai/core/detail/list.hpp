#pragma once

#include <cstddef>

namespace rtai::detail {

/// A place in a `list`. An element is its own node, so that linking never allocates, and leaves its
/// list without knowing which one it is in. Left uninitialised on purpose: most awaits complete
/// without ever being linked, and then pay nothing for it.
struct list_hook {
    list_hook* prev;
    list_hook* next;

    void unlink() noexcept {
        prev->next = next;
        next->prev = prev;
    }
};

/// Circular, intrusive, first in first out. Owns nothing. What is in two lists at a time has two bases
/// derived from `list_hook`, and names the one to use.
template <class T, class Hook = list_hook>
class list {
public:
    list() noexcept { clear(); }
    list(const list&) = delete;
    list& operator=(const list&) = delete;

    bool empty() const noexcept { return ends_.next == &ends_; }
    T& front() noexcept { return as_element(ends_.next); }

    void push_back(T& element) noexcept { link(hook_of(element), *ends_.prev, ends_); }
    void push_front(T& element) noexcept { link(hook_of(element), ends_, *ends_.next); }

    T& pop_front() noexcept {
        T& element = front();
        hook_of(element).unlink();
        return element;
    }

    /// The element so many places behind the front.
    T& at(std::size_t place) noexcept {
        list_hook* hook = ends_.next;
        while (place-- > 0) hook = hook->next;
        return as_element(hook);
    }

    std::size_t count_up_to(std::size_t limit) const noexcept {
        std::size_t n = 0;
        for (const list_hook* hook = ends_.next; hook != &ends_ && n < limit; hook = hook->next) ++n;
        return n;
    }

    std::size_t count() const noexcept { return count_up_to(~std::size_t{0}); }

    /// Calls `visit` with each element; `visit` may unlink the one it is given.
    template <class F>
    void for_each(F&& visit) {
        for (list_hook* hook = ends_.next; hook != &ends_;) {
            list_hook* following = hook->next;
            visit(as_element(hook));
            hook = following;
        }
    }

    /// Takes everything from `other`, behind what is here.
    void splice_back(list& other) noexcept {
        if (other.empty()) return;
        other.ends_.next->prev = ends_.prev;
        ends_.prev->next = other.ends_.next;
        other.ends_.prev->next = &ends_;
        ends_.prev = other.ends_.prev;
        other.clear();
    }

private:
    static Hook& hook_of(T& element) noexcept { return element; }
    static T& as_element(list_hook* hook) noexcept { return static_cast<T&>(static_cast<Hook&>(*hook)); }

    static void link(list_hook& element, list_hook& before, list_hook& after) noexcept {
        element.prev = &before;
        element.next = &after;
        before.next = &element;
        after.prev = &element;
    }

    void clear() noexcept { ends_.prev = ends_.next = &ends_; }

    list_hook ends_;
};

}  // namespace rtai::detail
