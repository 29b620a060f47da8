#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace rtai {

/// What went wrong, as a code to act on and a text to show.
struct error {
    error(std::error_code c, std::string t = {})
        : code(c), text(std::move(t)) {}  // NOLINT(google-explicit-constructor)
    error(std::errc c, std::string t = {})
        : error(std::make_error_code(c), std::move(t)) {}  // NOLINT(google-explicit-constructor)

    /// "connect to 10.0.0.1:443: Connection refused"
    std::string message() const { return text.empty() ? code.message() : text + ": " + code.message(); }

    std::error_code code;
    std::string text;
};

/// Thrown by `result::value` where an error was not expected.
class bad_result : public std::system_error {
public:
    explicit bad_result(const error& e) : std::system_error(e.code, e.text) {}
};

/// A value, or the failure that stands in its place: for what may fail in ordinary service. What is a
/// broken promise of the program is an exception instead.
template <class T = void>
class [[nodiscard]] result {
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

public:
    using value_type = T;

    result()
        requires std::is_void_v<T>
        : held_(std::in_place_index<0>) {}

    template <class U = stored>
        requires(!std::is_void_v<T> && std::is_constructible_v<stored, U &&> &&
                 !std::is_same_v<std::remove_cvref_t<U>, result> &&
                 !std::is_same_v<std::remove_cvref_t<U>, rtai::error>)
    result(U&& value)
        : held_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT(google-explicit-constructor)

    result(rtai::error e)
        : held_(std::in_place_index<1>, std::move(e)) {}  // NOLINT(google-explicit-constructor)

    bool ok() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }

    /// Throws `bad_result` if there is an error.
    stored& value() & { return check(), std::get<0>(held_); }
    const stored& value() const& { return check(), std::get<0>(held_); }
    stored&& value() && { return check(), std::get<0>(std::move(held_)); }

    stored& operator*() & { return value(); }
    const stored& operator*() const& { return value(); }
    stored&& operator*() && { return std::move(*this).value(); }
    stored* operator->() { return &value(); }
    const stored* operator->() const { return &value(); }

    template <class U>
    stored value_or(U&& otherwise) && {
        return ok() ? std::get<0>(std::move(held_)) : static_cast<stored>(std::forward<U>(otherwise));
    }

    const rtai::error& error() const { return std::get<1>(held_); }

private:
    void check() const {
        if (!ok()) throw bad_result(std::get<1>(held_));
    }

    std::variant<stored, rtai::error> held_;
};

}  // namespace rtai
