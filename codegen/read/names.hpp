#pragma once

#include <rtai/data/problem.hpp>
#include <rtai/data/value.hpp>
#include <string>

#include "spec.hpp"

// What the things of a spec may be called: their names become names in C++.

namespace rtai::codegen {

/// A name as it is written, of a "pipeline", an "element" and so on; tells it if it can not be one.
word name_word(problems& found, const std::string& text, const place& at, const std::string& what);

/// Tells it if a spec can not be called so: its code is in a namespace of that name.
void refuse_name_of_spec(problems& found, const word& name);

/// Tells it if the pipeline or service has a name that the program's code has for something else.
void refuse_taken(problems& found, const value::member& m, const std::string& what,
                  const std::string& spec_name);

/// The same of what is in a pipeline.
void refuse_reserved(problems& found, const value::member& m);

}  // namespace rtai::codegen
