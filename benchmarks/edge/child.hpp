#pragma once

#include <csignal>
#include <cstddef>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "../support/measures.hpp"

namespace bench {

inline constexpr std::string_view role_variable = "RTAI_BENCH_ROLE";

/// A program beside this one, with its input and output here, so that what it costs can be told from what
/// others cost. It ends when its input does, and at the latest with this object.
class child {
public:
    /// Where a child finds what it shares with this program.
    static constexpr int shared_descriptor = 3;

    /// This program, in a role that serve.cpp knows. It may share a file of memory.
    static child own(const std::string& role, int shared = -1) {
        return child({"/proc/self/exe"}, std::string(role_variable) + "=" + role, shared);
    }

    explicit child(std::vector<std::string> words, std::string variable = {}, int shared = -1)
        : name_(variable.empty() ? words.front() : variable) {
        int in[2], out[2];
        if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
        if (shared >= 0) ::posix_spawn_file_actions_adddup2(&files, shared, shared_descriptor);
        std::vector<char*> arguments, variables;
        for (auto& w : words) arguments.push_back(w.data());
        for (char** v = environ; *v != nullptr; ++v) variables.push_back(*v);
        if (!variable.empty()) variables.push_back(variable.data());
        arguments.push_back(nullptr);
        variables.push_back(nullptr);
        const int wrong =
            ::posix_spawnp(&child_, arguments[0], &files, nullptr, arguments.data(), variables.data());
        ::posix_spawn_file_actions_destroy(&files);
        ::close(in[0]);
        ::close(out[1]);
        to_ = in[1];
        from_ = out[0];
        if (wrong == 0) return;
        child_ = -1;
        stop();
        throw std::runtime_error("this can not be started: " + name_);
    }
    child(child&& other) noexcept
        : name_(std::move(other.name_)),
          child_(std::exchange(other.child_, -1)),
          to_(std::exchange(other.to_, -1)),
          from_(std::exchange(other.from_, -1)) {}
    child& operator=(child&&) = delete;
    ~child() { stop(); }

    /// The next line that it says; empty: it says no more.
    std::string line() {
        std::string said;
        for (char c = 0; ::read(from_, &c, 1) == 1 && c != '\n';) said += c;
        return said;
    }

    /// So many bytes of what it says.
    void read(void* into, std::size_t size) {
        for (auto* at = static_cast<char*>(into); size > 0;) {
            const auto got = ::read(from_, at, size);
            if (got <= 0) throw std::runtime_error("this ended too early: " + name_);
            at += got;
            size -= static_cast<std::size_t>(got);
        }
    }

    void say(std::string words) {
        words += '\n';
        if (::write(to_, words.data(), words.size()) < 0) throw std::runtime_error("this is gone: " + name_);
    }

    /// Microseconds of a processor that it has had.
    double cpu() const {
        clockid_t clock{};
        if (::clock_getcpuclockid(child_, &clock) != 0) throw std::runtime_error("this is gone: " + name_);
        return microseconds_of(clock);
    }

    /// KiB of memory of its own; what the system keeps for its sockets is not among them.
    double memory() const {
        std::ifstream status("/proc/" + std::to_string(child_) + "/status");
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("RssAnon:")) return std::stod(line.substr(8));
        throw std::runtime_error("this is gone: " + name_);
    }

    const std::string& name() const noexcept { return name_; }

private:
    void stop() noexcept {
        if (to_ >= 0) ::close(std::exchange(to_, -1));
        if (from_ >= 0) ::close(std::exchange(from_, -1));
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        child_ = -1;
    }

    std::string name_;
    pid_t child_ = -1;
    int to_ = -1;
    int from_ = -1;
};

}  // namespace bench
