#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <rtai/core/io.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/run.hpp>
#include <rtai/data/config.hpp>
#include <rtai/data/units.hpp>
#include <rtai/service/host.hpp>
#include <rtai/service/layers.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" char**
    environ;  // NOLINT(readability-redundant-declaration): unistd.h has it with _GNU_SOURCE only

namespace rtai::service {

/// The settings that every program has beside those of its spec.
struct program_options {
    unsigned shards = 0;
    std::chrono::milliseconds drain{10'000};
    std::map<std::string, std::map<std::string, std::string>> reach;
    RTAI_DESCRIBE(program_options, shards, drain, reach)

    static void notes(rtai::notes<program_options>& about) {
        about(&program_options::shards, "threads for sessions; 0: one for each core", range(0, 1024));
        about(&program_options::drain, "how long sessions may go on after the program was asked to end");
        about(&program_options::reach, "by process: where services of other processes are, host:port");
    }
};

/// The `main` of a generated program: reads the command line and the values, starts the services of the
/// chosen process, and ends in good order on SIGINT or SIGTERM.
class program {
public:
    struct process {
        process(std::string n, std::vector<std::string> s) : name(std::move(n)), services(std::move(s)) {}
        std::string name;
        std::vector<std::string> services;
    };

    /// Exit codes.
    enum : int { ended = 0, failed = 1, misused = 2, misconfigured = 3 };

    program(std::string name, int argc, char** argv) : name_(std::move(name)) {
        for (int i = 1; i < argc; ++i) arguments_.emplace_back(argv[i]);
        layers_.values_file = beside_program(name_ + ".values.yaml");
        layers_.environment = environ;
    }

    /// A service, and the pipeline that it runs.
    void add_service(std::string name, std::string pipeline) {
        services_.emplace_back(std::move(name), std::move(pipeline));
    }

    /// Which services a process of that name runs. Without any, there is one process with all of them.
    void add_process(std::string name, std::vector<std::string> services) {
        processes_.emplace_back(std::move(name), std::move(services));
    }

    /// Whether the chosen process runs this service.
    bool runs(std::string_view service) const {
        return chosen_ == nullptr || std::find(chosen_->services.begin(), chosen_->services.end(), service) !=
                                         chosen_->services.end();
    }

    bool runs_pipeline(std::string_view pipeline) const {
        return std::any_of(services_.begin(), services_.end(),
                           [&](const auto& s) { return s.second == pipeline && runs(s.first); });
    }

    /// `prepare(program, settings, problems)` looks at what depends on the machine; `start(host, settings)`
    /// starts the services. What belongs to other processes only need not be right here.
    template <class Settings, class Prepare, class Start>
    int run(Prepare prepare, Start start) {
        if (const auto done = read_command_line()) return *done;
        const auto all = schema_of<Settings>();
        problems found;
        auto tree = read_layers(layers_, all, found, environment_variable,
                                [this](const std::string& root) { return wants(root); });
        auto mine = all;
        std::erase_if(mine.fields, [this](const schema& f) { return !wants(f.name); });
        auto settings = read<Settings>(tree, name_, found, mine);
        if (found.ok() && !print_) prepare(*this, settings, found);
        if (!found.ok()) return tell(found);
        if (print_) {
            detail::make_literal(tree);
            std::cout << print_values(mine, tree);
            return ended;
        }
        try {
            return serve(settings.program, [&](host& h) {
                h.observe_with(settings.observe);
                start(h, settings);
            });
        } catch (const std::exception& e) {
            std::fprintf(stderr, "%s: %s\n", name_.c_str(), e.what());
            return failed;
        }
    }

private:
    /// Whether the values under this name are those of the chosen process.
    bool wants(std::string_view root) const {
        for (const auto& [service, pipeline] : services_) {
            if (service == root) return runs(root);
            if (pipeline == root) return runs_pipeline(root);
        }
        return true;
    }

    static std::string beside_program(const std::string& file) {
        std::array<char, 4096> path{};
        const auto size = ::readlink("/proc/self/exe", path.data(), path.size());
        if (size <= 0) return file;
        const std::string_view all(path.data(), static_cast<std::size_t>(size));
        return std::string(all.substr(0, all.rfind('/') + 1)) + file;
    }

    std::optional<int> read_command_line() {
        static const std::vector<std::string> flags = {"--config",  "--set",          "--values",
                                                       "--process", "--print-config", "--help"};
        for (std::size_t i = 0; i < arguments_.size(); ++i) {
            std::string flag = arguments_[i];
            std::optional<std::string> given;
            if (const auto equals = flag.find('='); flag.starts_with("--") && equals != std::string::npos) {
                given = flag.substr(equals + 1);
                flag.resize(equals);
            }
            if (flag == "--help" || flag == "-h") return print_help();
            if (flag == "--print-config") {
                print_ = true;
                continue;
            }
            if (std::find(flags.begin(), flags.end(), flag) == flags.end()) {
                const auto near = nearest(flag, flags);
                return misuse("there is no '" + arguments_[i] + "'",
                              near.empty() ? "--help lists what there is" : "did you mean " + near + "?");
            }
            if (!given) {
                if (i + 1 == arguments_.size()) return misuse(flag + " needs a value", "--help shows it");
                given = arguments_[++i];
            }
            if (flag == "--config") layers_.config_files.push_back(*given);
            if (flag == "--set") layers_.settings.push_back(*given);
            if (flag == "--values") layers_.values_file = *given;
            if (flag == "--process" && !choose(*given)) return misused;
        }
        return std::nullopt;
    }

    bool choose(const std::string& name) {
        std::vector<std::string> names;
        for (const auto& p : processes_) {
            names.push_back(p.name);
            if (p.name == name) {
                chosen_ = &p;
                return true;
            }
        }
        misuse("there is no process '" + name + "'", names.empty()
                                                         ? "the spec has no processes: leave --process out"
                                                         : "there is: " + rtai::detail::joined(names));
        return false;
    }

    int misuse(const std::string& what, const std::string& help) const {
        std::fprintf(stderr, "%s: %s\n  %s\n", name_.c_str(), what.c_str(), help.c_str());
        return misused;
    }

    int tell(const problems& found) const {
        for (const auto& p : found.sorted()) std::cerr << to_text(p, ::isatty(2) != 0);
        return misconfigured;
    }

    int print_help() const {
        std::cout << "usage: " << name_ << " [options]\n\n"
                  << "  --config FILE        values over those of the spec, in YAML; may be repeated\n"
                  << "  --set PATH=VALUE     one value over those, such as talk.vad.threshold=0.6; may be "
                     "repeated\n"
                  << "  RTAI__PATH=VALUE     the same in the environment, over all others: "
                     "RTAI__TALK__VAD__THRESHOLD=0.6\n"
                  << "  --print-config       print all values as the program would use them, and end\n"
                  << "  --values FILE        the spec's own values, if they are not next to the program\n";
        if (!processes_.empty()) {
            std::cout << "  --process NAME       run only the services of one process:\n";
            for (const auto& p : processes_)
                std::cout << "                         " << p.name << ": " << rtai::detail::joined(p.services)
                          << "\n";
        }
        std::cout << "  --help               print this\n\n"
                  << "exit codes: 0 ended, 1 failed, 2 wrong arguments, 3 wrong configuration\n";
        return ended;
    }

    template <class Start>
    int serve(const program_options& options, Start start) {
        std::size_t cut_off = 0;
        rtai::run([&]() -> task<> { return with_services(options, start, cut_off); }());
        if (cut_off != 0)
            std::fprintf(stderr, "%s: %zu connections had to be cut off\n", name_.c_str(), cut_off);
        return ended;
    }

    template <class Start>
    task<> with_services(const program_options& options, Start& start, std::size_t& cut_off) {
        std::unique_ptr<host> shared;
        co_await with_scope([&](scope& s) -> task<> { return services(s, shared, options, start); });
        // All services have ended, but not the sessions that they began.
        cut_off = shared->finish(shared->stopping().is_set() ? shared->patience() : options.drain);
    }

    template <class Start>
    task<> services(scope& s, std::unique_ptr<host>& shared, const program_options& options, Start& start) {
        shared =
            std::make_unique<host>(s, options.shards, [this](std::string_view name) { return runs(name); });
        start(*shared);
        const auto first = co_await race(s.join(), until_signal());
        if (first.index() == 0) co_return;
        shared->ask_to_stop(options.drain);
        const auto second = co_await race(s.join(), until_signal());
        if (second.index() == 0) co_return;
        // Whoever asks twice does not want to wait.
        shared->ask_to_stop(duration::zero());
        s.cancel();
    }

    static task<> until_signal() {
        asio::signal_set signals(io_context(), SIGINT, SIGTERM);
        auto came = co_await signals.async_wait(io);
        (void)came;
    }

    std::string name_;
    std::vector<std::string> arguments_;
    layers layers_;
    std::vector<std::pair<std::string, std::string>> services_;  ///< and their pipelines
    std::vector<process> processes_;
    const process* chosen_ = nullptr;
    bool print_ = false;
};

}  // namespace rtai::service
