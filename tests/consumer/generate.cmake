# A project that generates its program from a spec: what is built again after which change. Run by ctest.
cmake_minimum_required(VERSION 3.25)

set(source "${build}/generate_${mode}/source")
set(build "${build}/generate_${mode}/build")
file(REMOVE_RECURSE "${source}" "${build}")
file(COPY "${CMAKE_CURRENT_LIST_DIR}/generate/" DESTINATION "${source}")

function(run)
    execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT code EQUAL 0)
        list(JOIN ARGV " " command)
        message(FATAL_ERROR "Failed (${code}): ${command}\n${output}")
    endif()
endfunction()

function(expect printed)
    execute_process(COMMAND "${build}/consumer" OUTPUT_VARIABLE output ERROR_VARIABLE complained RESULT_VARIABLE code)
    if(NOT output STREQUAL printed)
        message(FATAL_ERROR "The program ended with ${code} and printed\n${output}${complained}instead of\n${printed}")
    endif()
endfunction()

function(change file from to)
    file(READ "${source}/${file}" text)
    string(REPLACE "${from}" "${to}" changed "${text}")
    if(changed STREQUAL text)
        message(FATAL_ERROR "${file} does not hold ${from}")
    endif()
    file(WRITE "${source}/${file}" "${changed}")
endfunction()

# Builds, and says whether the program was linked anew.
function(build_again result)
    file(TIMESTAMP "${build}/consumer" before "%s.%f" UTC)
    run("${CMAKE_COMMAND}" --build "${build}")
    file(TIMESTAMP "${build}/consumer" after "%s.%f" UTC)
    if(before STREQUAL after)
        set(${result} no PARENT_SCOPE)
    else()
        set(${result} yes PARENT_SCOPE)
    endif()
endfunction()

function(must_be wanted found what)
    if(NOT wanted STREQUAL found)
        message(FATAL_ERROR "${what}: was the program linked anew? ${found}; it should be: ${wanted}")
    endif()
endfunction()

run("${CMAKE_COMMAND}" -S "${source}" -B "${build}" -G Ninja "-DCMAKE_CXX_COMPILER=${compiler}"
    "-DCMAKE_PREFIX_PATH=${prefix}" "-DRTAI_TREE=${tree}" "-DRTAI_MODE=${mode}")
run("${CMAKE_COMMAND}" --build "${build}")
expect("one!\ntwo!\n")

build_again(linked)
must_be(no "${linked}" "nothing changed")

change(answers.yaml "with: \"!\"" "with: \"...\"")
build_again(linked)
must_be(no "${linked}" "an option changed")
expect("one...\ntwo...\n")

change(common.yaml "by: 1ms" "by: 2ms")
build_again(linked)
must_be(no "${linked}" "an option of an import changed")

change(common.yaml "said -> hold -> heard" "{ line: said -> hold -> heard, capacity: 4 }")
build_again(linked)
must_be(yes "${linked}" "a wire of an import changed")
expect("one...\ntwo...\n")

change(marks.hpp "said->words += with_.with" "said->words = with_.with + said->words")
build_again(linked)
must_be(yes "${linked}" "a header of the spec changed")
expect("...one\n...two\n")

foreach(wrong IN ITEMS "SPEC;a.yaml" "OUT_DIR" "SPECS;nowhere.yaml")
    execute_process(COMMAND "${CMAKE_COMMAND}" "-DRTAI_MORE=${wrong}" "${build}" RESULT_VARIABLE code ERROR_VARIABLE output OUTPUT_QUIET)
    if(code EQUAL 0 OR NOT output MATCHES "rtai_generate")
        message(FATAL_ERROR "rtai_generate takes the wrong arguments ${wrong}")
    endif()
endforeach()
file(REMOVE_RECURSE "${source}" "${build}")
