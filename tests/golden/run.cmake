# Runs a program in a directory of its own, and compares what it prints.
cmake_path(GET program FILENAME name)
set(dir "${CMAKE_CURRENT_BINARY_DIR}/run_${name}")
file(REMOVE_RECURSE "${dir}")
file(MAKE_DIRECTORY "${dir}")
execute_process(COMMAND "${program}" --values "${values}" WORKING_DIRECTORY "${dir}" TIMEOUT 20
    OUTPUT_VARIABLE printed ERROR_VARIABLE complained RESULT_VARIABLE code)
file(READ "${expected}" wanted)
if(NOT code STREQUAL "0" OR NOT printed STREQUAL wanted)
    message(FATAL_ERROR "${name} ended with ${code} and printed\n${printed}${complained}instead of\n${wanted}")
endif()
file(REMOVE_RECURSE "${dir}")
