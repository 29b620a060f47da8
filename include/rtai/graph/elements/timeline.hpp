#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <rtai/core/task.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/timeline_picture.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace rtai {

struct timeline {
    struct options {
        std::filesystem::path path;
        std::size_t most = 20'000;
        RTAI_DESCRIBE(options, path, most)

        static void notes(rtai::notes<options>& about) {
            about(&options::path, "the SVG file, written when the conversation ends", required);
            about(&options::most, "moments that are drawn at most", range(1, 1'000'000));
        }
    };

    timeline() : timeline(options()) {}
    explicit timeline(options o) : options_(std::move(o)) {}

    input<moment> in;
    RTAI_DESCRIBE(timeline, in)

    task<> run() {
        std::vector<moment> all;
        while (auto m = co_await in.receive())
            if (all.size() < options_.most) all.push_back(std::move(*m));
        std::ofstream file(options_.path);
        file << timeline_picture(all);
        file.close();
        if (!file)
            throw std::runtime_error("the timeline can not be written to '" + options_.path.string() + "'");
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::timeline, "Draws who spoke when, with every interruption, as an SVG.");
