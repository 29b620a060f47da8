#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace rtai::test {

/// A server that is a process of its own: this program again, told by the environment to run one hidden test.
class server_process {
public:
    static constexpr const char* variable = "RTAI_TEST_SERVER_PORT";

    /// 0: any port.
    explicit server_process(int wanted = 0) {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
        child_ = ::fork();
        if (child_ == 0) {
            ::dup2(ends[1], 3);
            ::setenv(variable, std::to_string(wanted).c_str(), 1);
            char self[] = "/proc/self/exe";
            char test[] = "a server for other tests";
            char* words[] = {self, test, nullptr};
            ::execv(self, words);
            std::_Exit(1);
        }
        ::close(ends[1]);
        std::string line;
        for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
        ::close(ends[0]);
        if (line.empty()) throw std::runtime_error("the server did not start");
        port = std::stoi(line);
    }
    server_process(const server_process&) = delete;
    server_process& operator=(const server_process&) = delete;
    ~server_process() { end(SIGKILL); }

    /// Says how it ended.
    int end(int signal) {
        if (child_ < 0) return -1;
        ::kill(child_, signal);
        int status = 0;
        ::waitpid(child_, &status, 0);
        child_ = -1;
        return status;
    }
    void tell(int signal) const { ::kill(child_, signal); }

    /// In the process: says that it serves.
    static void up(int port) {
        const std::string line = std::to_string(port) + "\n";
        if (::write(3, line.data(), line.size()) < 0) std::_Exit(1);
        ::close(3);
    }

    std::string where() const { return "127.0.0.1:" + std::to_string(port); }

    int port = 0;

private:
    pid_t child_ = -1;
};

}  // namespace rtai::test
