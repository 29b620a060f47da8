# rtai_precompile(<target> [OPTIMISE] <header>...): like target_precompile_headers. With clang, what is in these headers
# is not only read once but also compiled once: into an object beside the precompiled header, instead of into each file
# that uses it. rtai_use_precompiled(<target> <from>) shares both.
#
# An optimiser would look into these functions in each file all the same, so only the object is optimised. With OPTIMISE
# the files are, in build types that do; they then compile for themselves what they use.

include_guard()

# Whether a target gets such an object. In a project of somebody else other flags may hold, which are not known here.
function(rtai_precompiles_functions optimise answer)
    set(yes FALSE)
    if(PROJECT_IS_TOP_LEVEL AND CMAKE_CXX_COMPILER_ID MATCHES Clang AND CMAKE_GENERATOR STREQUAL Ninja
            AND NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
        string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
        if(NOT optimise OR NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}" MATCHES "-O[1-9sfg]")
            set(yes TRUE)
        endif()
    endif()
    set(${answer} ${yes} PARENT_SCOPE)
endfunction()

function(rtai_precompile target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIMISE" "" "")
    target_precompile_headers(${target} PRIVATE ${arg_UNPARSED_ARGUMENTS})
    rtai_precompiles_functions("${arg_OPTIMISE}" functions)
    if(NOT functions)
        return()
    endif()

    set(directory "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.dir")
    set(header "${directory}/cmake_pch.hxx.pch")
    set(object "${directory}/precompiled.o")
    string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
    separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${type}}")
    if(RTAI_SANITIZE)
        list(APPEND flags "-fsanitize=${RTAI_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
    endif()
    add_custom_command(OUTPUT "${object}"
        COMMAND "${CMAKE_CXX_COMPILER}" ${flags} -ffunction-sections -fdata-sections -Wno-unused-command-line-argument
            -c "${header}" -o "${object}"
        DEPENDS "${header}" COMMENT "Compiling what ${target} precompiles" VERBATIM)
    add_custom_target(${target}_object DEPENDS "${object}")
    set_target_properties(${target} PROPERTIES RTAI_PRECOMPILED_OBJECT "${object}")
    rtai_link_precompiled(${target} "${object}")
endfunction()

function(rtai_use_precompiled target from)
    target_precompile_headers(${target} REUSE_FROM ${from})
    get_target_property(object ${from} RTAI_PRECOMPILED_OBJECT)
    if(object)
        rtai_link_precompiled(${target} "${object}")
    endif()
endfunction()

# What nobody calls is dropped: in headers of libstdc++ such functions lack what they call.
function(rtai_link_precompiled target object)
    target_compile_options(${target} PRIVATE -O0 -fpch-codegen -Wno-unused-command-line-argument)
    target_link_options(${target} PUBLIC "${object}" LINKER:--gc-sections)
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${object}")
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_DEPENDS "${object}")
endfunction()
