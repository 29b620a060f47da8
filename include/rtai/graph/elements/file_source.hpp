#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <rtai/core/result.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/media/file.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace rtai {

struct file_source {
    struct options {
        std::filesystem::path path;
        bool whole = false;
        RTAI_DESCRIBE(options, path, whole)

        static void notes(rtai::notes<options>& about) {
            about(&options::path, "a text file", required);
            about(&options::whole, "all of it as one text; false: each line is a text");
        }
    };

    file_source() : file_source(options()) {}
    explicit file_source(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) { return readable(o.path); }

    output<text> out;
    RTAI_DESCRIBE(file_source, out)

    task<> run() {
        if (auto ok = readable(options_.path); !ok) throw std::runtime_error(ok.error().message());
        std::ifstream file(options_.path);
        std::string words;
        for (std::uint64_t sequence = 0; next(file, words); ++sequence) {
            text line(std::move(words));
            line.stamp.at = now();
            line.stamp.sequence = sequence;
            if (!co_await out.send(std::move(line))) co_return;
        }
        if (file.bad())
            throw std::runtime_error("can not go on reading '" + options_.path.string() +
                                     "': is its disk still there?");
    }

private:
    bool next(std::ifstream& file, std::string& words) const {
        if (options_.whole) {
            words.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
            return !words.empty();
        }
        if (!std::getline(file, words)) return false;
        if (words.ends_with('\r')) words.pop_back();
        return true;
    }

    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::file_source, "Reads texts from a file, one a line.");
