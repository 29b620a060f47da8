#pragma once

#include <iostream>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace rtai {

struct console_sink {
    struct options {
        std::string prefix;
        bool guesses = false;
        RTAI_DESCRIBE(options, prefix, guesses)

        static void notes(rtai::notes<options>& about) {
            about(&options::prefix, "what stands before each text");
            about(&options::guesses, "also texts that are not final yet");
        }
    };

    console_sink() : console_sink(options()) {}
    explicit console_sink(options o) : options_(std::move(o)) {}

    input<text> in;
    RTAI_DESCRIBE(console_sink, in)

    task<> run() {
        while (auto line = co_await in.receive())
            if (line->final || options_.guesses)
                if (!(std::cout << options_.prefix + line->words + '\n' << std::flush))
                    throw std::runtime_error("standard output can not be written");
    }

private:
    options options_;
};

}  // namespace rtai

RTAI_ELEMENT(rtai::console_sink, "Prints texts on standard output, one a line.");
