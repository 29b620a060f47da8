#pragma once

#include "../support/sheet.hpp"

namespace bench {

// Each in a file of its own.
void hop(sheet&);
void allocs(sheet&);
void session(sheet&);
void cross(sheet&);
void teardown(sheet&);
void sim(sheet&);

}  // namespace bench
