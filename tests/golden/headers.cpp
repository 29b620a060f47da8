// Holds the precompiled header of the golden programs, and compiles those specs that are a header alone.
#include "golden/manners/manners.hpp"
