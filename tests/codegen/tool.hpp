#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <rtai/data/yaml.hpp>
#include <sstream>
#include <string>
#include <utility>

#include "commands.hpp"

namespace tool {

/// What a command printed, and how it ended.
struct outcome {
    int code = 0;
    std::string out, err;
};

template <class Command>
outcome capture(Command command) {
    std::ostringstream out, err;
    struct guard {
        std::streambuf *cout, *cerr;
        ~guard() {
            std::cout.rdbuf(cout);
            std::cerr.rdbuf(cerr);
        }
    } const restore{std::cout.rdbuf(out.rdbuf()), std::cerr.rdbuf(err.rdbuf())};
    outcome made;
    made.code = command();
    made.out = out.str();
    made.err = err.str();
    return made;
}

/// A directory of its own for a test, which is the working directory as long as it lives.
class workplace {
public:
    workplace() : before_(std::filesystem::current_path()) {
        std::string name = (std::filesystem::temp_directory_path() / "rtai-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no directory can be made for a test");
        here_ = name;
        std::filesystem::current_path(here_);
    }
    workplace(const workplace&) = delete;
    workplace& operator=(const workplace&) = delete;
    ~workplace() {
        std::error_code ignored;
        std::filesystem::current_path(before_, ignored);
        std::filesystem::remove_all(here_, ignored);
    }

    std::string file(const std::string& name, const std::string& text) const {
        std::ofstream(here_ / name, std::ios::binary) << text;
        return name;
    }

private:
    std::filesystem::path before_, here_;
};

inline std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// JSON is YAML, so our own reader reads it.
inline rtai::value parsed(const std::string& json) {
    rtai::problems found;
    auto tree = rtai::read_yaml(std::make_shared<rtai::source>("json", json), found);
    for (const auto& p : found.sorted()) throw std::runtime_error(rtai::to_text(p));
    return tree;
}

}  // namespace tool
