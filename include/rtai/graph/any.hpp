#pragma once

#include <rtai/data/stamp.hpp>

namespace rtai {

/// Stands for any type in an element that is a template: `RTAI_ELEMENT(tee<any_type>, "...")`.
struct any_type {
    rtai::stamp stamp;
};

/// Stand for a user's function in such an element (debuggers want it to be there):
/// `RTAI_ELEMENT(map<any_function>, "...")`.
inline any_type any_function(any_type value) { return value; }
inline bool any_predicate(const any_type&) { return true; }

}  // namespace rtai
