#pragma once

#include <rtai/data/problem.hpp>

#include "catalogue.hpp"
#include "spec.hpp"

namespace rtai::codegen {

/// Finds out what everything in a spec means: elements, ports, types, services. All that does not fit is
/// added to `found`; what follows only from another mistake is not.
void check(spec& s, known& catalogue, problems& found);

/// What the options of an element or a pipeline look like, as one schema.
schema options_schema(const use& u);
schema options_schema(const pipeline& p);

}  // namespace rtai::codegen
