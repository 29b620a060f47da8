#pragma once

#include <rtai/graph.hpp>
#include <string>
#include <utility>

namespace marks {

class mark {
public:
    struct options {
        std::string with = "?";
        RTAI_DESCRIBE(options, with)
    };
    explicit mark(options o) : with_(std::move(o)) {}

    rtai::input<rtai::text> in;
    rtai::output<rtai::text> out;
    RTAI_DESCRIBE(mark, in, out)

    rtai::task<> run() {
        while (auto said = co_await in.receive()) {
            said->words += with_.with;
            if (!co_await out.send(std::move(*said))) co_return;
        }
    }

private:
    options with_;
};
RTAI_ELEMENT(marks::mark, "Marks every text.");

}  // namespace marks
