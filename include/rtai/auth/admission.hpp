#pragma once

#include <cstddef>
#include <cstdint>
#include <rtai/auth/jwt.hpp>
#include <rtai/core/clock.hpp>
#include <string>
#include <utility>
#include <variant>

namespace rtai::auth {

/// Who calls.
struct identity {
    enum class proof : std::uint8_t { none, api_key, token };

    /// For limits and logs: "key:0", "user:alice", "address:10.0.0.7". Of the token it has the subject only.
    std::string client;
    proof by = proof::none;
    auth::claims claims;  ///< of a token
};

/// Why somebody may not, as HTTP says it; gRPC takes 401 as UNAUTHENTICATED, 403 as PERMISSION_DENIED, 429
/// as RESOURCE_EXHAUSTED and 400 as INVALID_ARGUMENT.
struct refusal {
    refusal(unsigned s, std::string w, std::string c = {}, duration after = {})
        : status(s), words(std::move(w)), challenge(std::move(c)), retry_after(after) {}

    unsigned status;
    std::string words;
    std::string challenge;   ///< of the header WWW-Authenticate, if not empty
    duration retry_after{};  ///< of the header Retry-After, if not zero
};

/// A value, or why it is refused.
template <class T>
class [[nodiscard]] admission {
public:
    admission(T value)
        : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
    admission(refusal why)
        : held_(std::in_place_index<1>, std::move(why)) {}  // NOLINT(google-explicit-constructor)

    bool ok() const noexcept { return held_.index() == 0; }
    explicit operator bool() const noexcept { return ok(); }
    T& operator*() { return std::get<0>(held_); }
    const T& operator*() const { return std::get<0>(held_); }
    T* operator->() { return &std::get<0>(held_); }
    const T* operator->() const { return &std::get<0>(held_); }
    const refusal& why() const { return std::get<1>(held_); }

private:
    std::variant<T, refusal> held_;
};

}  // namespace rtai::auth
