#pragma once

#include "../support/sheet.hpp"

namespace bench {

// Each in a file of its own.
void silero(sheet&);
void cpu(sheet&);
void allocs(sheet&);
void memory(sheet&);
void latency(sheet&);
void density(sheet&);

}  // namespace bench
