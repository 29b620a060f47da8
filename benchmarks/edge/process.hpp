#pragma once

#include <csignal>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bench {

inline constexpr std::string_view serve_variable = "RTAI_BENCH_SERVER=";

/// A server in a process of its own, so that what it costs can be told from what its clients cost. It says
/// "port N", or "port N M" when it has two, and ends when its input does.
class server_process {
public:
    /// This program, as serve.cpp has it.
    static server_process own(const std::string& kind) {
        return server_process({"/proc/self/exe"}, std::string(serve_variable) + kind);
    }

    explicit server_process(std::vector<std::string> words, std::string variable = {})
        : name_(variable.empty() ? words.front() : variable) {
        int in[2], out[2];
        if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
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
        life_ = in[1];
        std::string line;
        if (wrong == 0)
            for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
        ::close(out[0]);
        std::istringstream said(line);
        std::string word;
        said >> word >> port >> second_port;
        if (word == "port" && port != 0) return;
        stop();
        throw std::runtime_error("a server did not start: " + name_);
    }
    server_process(server_process&& other) noexcept
        : port(other.port),
          second_port(other.second_port),
          name_(std::move(other.name_)),
          child_(std::exchange(other.child_, -1)),
          life_(std::exchange(other.life_, -1)) {}
    server_process& operator=(server_process&&) = delete;
    ~server_process() { stop(); }

    std::uint16_t port = 0;
    std::uint16_t second_port = 0;

    std::string url(const std::string& scheme, const std::string& path) const {
        return scheme + "://127.0.0.1:" + std::to_string(port) + path;
    }

    /// Microseconds of a processor that it has had.
    double cpu() const {
        clockid_t clock{};
        timespec t{};
        if (::clock_getcpuclockid(child_, &clock) != 0 || ::clock_gettime(clock, &t) != 0)
            throw std::runtime_error("a server is gone: " + name_);
        return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
    }

    /// KiB of memory of its own; what the system keeps for its sockets is not among them.
    double memory() const {
        std::ifstream status("/proc/" + std::to_string(child_) + "/status");
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("RssAnon:")) return std::stod(line.substr(8));
        throw std::runtime_error("a server is gone: " + name_);
    }

private:
    void stop() noexcept {
        if (life_ >= 0) ::close(std::exchange(life_, -1));
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        child_ = -1;
    }

    std::string name_;
    pid_t child_ = -1;
    int life_ = -1;
};

}  // namespace bench
