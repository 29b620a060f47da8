# catch_tests(<target> [LABEL <label>]): registers each test case of a Catch2 binary under its own sentence.
# The binary is asked when ctest starts, so the build never runs it. A case tagged [long] is labelled long.

set(catch_tests_script "${CMAKE_CURRENT_LIST_FILE}")

function(catch_tests target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "")
    set(file "${CMAKE_CURRENT_BINARY_DIR}/${target}_tests.cmake")
    file(GENERATE OUTPUT "${file}" CONTENT "\
set(catch_binary [==[$<TARGET_FILE:${target}>]==])
set(catch_target ${target})
set(catch_label ${arg_LABEL})
include([==[${catch_tests_script}]==])
")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${file}")
endfunction()

if(NOT catch_binary)
    return()
endif()

# From here on this runs inside ctest.
cmake_policy(VERSION 3.25)

if(NOT EXISTS "${catch_binary}")
    add_test("${catch_target} is not built" "${catch_binary}")
    return()
endif()

# Sets the variable to the names that match the tags, with brackets and semicolons out of the way of lists.
string(ASCII 1 open)
string(ASCII 2 close)
string(ASCII 3 semicolon)
function(catch_list result tags)
    # Catch2 answers with the number of cases as exit code.
    execute_process(COMMAND "${catch_binary}" --list-test-names-only ${tags}
        OUTPUT_VARIABLE names ERROR_VARIABLE errors RESULT_VARIABLE code)
    if(NOT code MATCHES "^[0-9]+$" OR errors)
        message(FATAL_ERROR "${catch_binary} cannot list its tests: ${code}\n${errors}")
    endif()
    string(REPLACE "[" "${open}" names "${names}")
    string(REPLACE "]" "${close}" names "${names}")
    string(REPLACE ";" "${semicolon}" names "${names}")
    string(STRIP "${names}" names)
    string(REPLACE "\n" ";" names "${names}")
    set(${result} "${names}" PARENT_SCOPE)
endfunction()

catch_list(catch_all "~[.]")
catch_list(catch_long "[long]~[.]")
foreach(name IN LISTS catch_all)
    set(labels "${catch_label}")
    if(name IN_LIST catch_long)
        list(APPEND labels long)
    endif()
    string(REPLACE "${open}" "[" name "${name}")
    string(REPLACE "${close}" "]" name "${name}")
    string(REPLACE "${semicolon}" ";" name "${name}")
    string(REGEX REPLACE "([][,\\\\\"])" "\\\\\\1" filter "${name}")
    add_test("${name}" "${catch_binary}" "${filter}" --warn NoTests)
    set_tests_properties("${name}" PROPERTIES LABELS "${labels}")
    if("long" IN_LIST labels)
        set_tests_properties("${name}" PROPERTIES TIMEOUT 600)
    endif()
endforeach()
