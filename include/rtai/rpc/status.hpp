#pragma once

#include <grpcpp/support/status.h>

#include <rtai/core/result.hpp>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace rtai::rpc {

/// "NOT_FOUND"
constexpr const char* name_of(grpc::StatusCode code) noexcept {
    constexpr const char* names[] = {
        "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
        "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
        "DATA_LOSS", "UNAUTHENTICATED"};
    return code >= 0 && code < static_cast<int>(std::size(names)) ? names[code] : "UNKNOWN";
}

/// The codes of gRPC as error codes.
inline const std::error_category& status_category() noexcept {
    class category final : public std::error_category {
    public:
        const char* name() const noexcept override { return "grpc"; }
        std::string message(int code) const override { return name_of(static_cast<grpc::StatusCode>(code)); }
        std::error_condition default_error_condition(int code) const noexcept override {
            switch (code) {
                case grpc::DEADLINE_EXCEEDED:
                    return std::errc::timed_out;
                case grpc::CANCELLED:
                    return std::errc::operation_canceled;
                case grpc::INVALID_ARGUMENT:
                    return std::errc::invalid_argument;
                case grpc::PERMISSION_DENIED:
                case grpc::UNAUTHENTICATED:
                    return std::errc::permission_denied;
                case grpc::UNIMPLEMENTED:
                    return std::errc::function_not_supported;
                default:
                    return {code, *this};
            }
        }
    };
    static const category instance;
    return instance;
}

/// What a handler returns to refuse: `co_return failure(grpc::NOT_FOUND, "no session 'a7'");` The caller
/// sees both.
inline error failure(grpc::StatusCode code, std::string text) {
    return {std::error_code(code, status_category()), std::move(text)};
}
inline error failure(const grpc::Status& s) { return failure(s.error_code(), s.error_message()); }

/// The status an error came from, or `UNKNOWN` if it came from elsewhere.
inline grpc::StatusCode code_of(const error& e) noexcept {
    return e.code.category() == status_category() ? static_cast<grpc::StatusCode>(e.code.value())
                                                  : grpc::UNKNOWN;
}

/// What a caller is told of an error. Of one that is not gRPC's only the kind: its text is for the log.
inline grpc::Status status_of(const error& e) {
    if (e.code.category() == status_category()) return {code_of(e), e.text};
    if (e.code == std::errc::timed_out) return {grpc::DEADLINE_EXCEEDED, "the service took too long"};
    if (e.code == std::errc::operation_canceled) return {grpc::CANCELLED, "the service gave up"};
    if (e.code == std::errc::resource_unavailable_try_again)
        return {grpc::RESOURCE_EXHAUSTED, "the service is busy: try again later"};
    return {grpc::INTERNAL, "the service failed"};
}

template <class T>
grpc::Status status_of(const result<T>& r) {
    return r.ok() ? grpc::Status::OK : status_of(r.error());
}

/// `OK` as success, everything else as an error.
inline result<> result_of(const grpc::Status& s) {
    if (s.ok()) return {};
    return failure(s);
}

}  // namespace rtai::rpc
