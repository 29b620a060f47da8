// Counts what is asked for here, too.
#include "core/allocations.cpp"  // NOLINT(bugprone-suspicious-include)
