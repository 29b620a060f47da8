#pragma once

#include <rtai/graph.hpp>

namespace my {

struct shout {
    rtai::input<rtai::text> in rtai::output<rtai::text> out;
};

}  // namespace my
