#pragma once

#include <cstddef>
#include <memory>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <span>
#include <string>
#include <utility>

namespace rtai::net {

/// Bytes in order, both ways, whatever carries them: a TCP socket, TLS over one, a simulated link. Dropping
/// it closes it. One coroutine may read while another writes.
class stream {
public:
    /// What carries the bytes. `read_some` gives 0 when the far end has finished; `finish` says that nothing
    /// more will be written, and may wait for the far end to hear it.
    class carrier {
    public:
        carrier() = default;
        carrier(const carrier&) = delete;
        carrier& operator=(const carrier&) = delete;
        virtual ~carrier() = default;

        virtual task<result<std::size_t>> read_some(std::span<std::byte> into) = 0;
        virtual task<result<>> write(std::span<const std::byte> bytes) = 0;
        virtual task<result<>> finish() = 0;
        /// The far end's address, for a log.
        virtual std::string peer() const = 0;
        /// Whether nobody between the two ends can read it.
        virtual bool secure() const noexcept { return false; }
    };

    stream() = default;
    explicit stream(std::unique_ptr<carrier> c) noexcept : carrier_(std::move(c)) {}

    explicit operator bool() const noexcept { return carrier_ != nullptr; }

    [[nodiscard]] task<result<std::size_t>> read_some(std::span<std::byte> into) {
        return carrier_->read_some(into);
    }
    /// All of it.
    [[nodiscard]] task<result<>> write(std::span<const std::byte> bytes) { return carrier_->write(bytes); }
    [[nodiscard]] task<result<>> finish() { return carrier_->finish(); }
    void close() noexcept { carrier_.reset(); }

    std::string peer() const { return carrier_ ? carrier_->peer() : std::string(); }
    bool secure() const noexcept { return carrier_ && carrier_->secure(); }

private:
    std::unique_ptr<carrier> carrier_;
};

}  // namespace rtai::net
