#pragma once

#include "../support/sheet.hpp"

namespace bench {

// Each in a file of its own.
void hop(sheet&);
void tool(sheet&);
void compile(sheet&);

}  // namespace bench
