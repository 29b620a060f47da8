#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace bench {

/// A peer that is a program of its own, built beside this one when its compiler is installed. It prints
/// one number.
class program {
public:
    explicit program(const std::string& name)
        : path_(std::filesystem::read_symlink("/proc/self/exe").parent_path() / "peers" / name) {}

    bool installed() const { return std::filesystem::exists(path_); }

    double run(const std::string& arguments) const {
        const std::string command = '\'' + path_.string() + "' " + arguments;
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
        double value = 0;
        if (!output || std::fscanf(output.get(), "%lf", &value) != 1)
            throw std::runtime_error("no figure from: " + command);
        return value;
    }

private:
    std::filesystem::path path_;
};

}  // namespace bench
