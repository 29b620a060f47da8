#pragma once

#include <rtai/graph/any.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>

namespace rtai {

template <class T>
struct pass {
    input<T> in;
    output<T, as_received> out;
    RTAI_DESCRIBE(pass, in, out)

    task<> run() { return hand_on(in, out); }
};

}  // namespace rtai

RTAI_ELEMENT(rtai::pass<rtai::any_type>, "Passes everything on, to give a place in a flow a name.");
