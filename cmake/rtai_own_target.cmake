# rtai_own_target(<target>): the warnings and sanitizers of the house, for tests, examples and benchmarks.
# Users of rtai get none of these.

include_guard()

set(rtai_warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Woverloaded-virtual -Wcast-align -Wold-style-cast -Wundef)

function(rtai_own_target target)
    target_compile_options(${target} PRIVATE ${rtai_warnings})
    if(RTAI_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
    if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
        # Lets ccache reuse what was compiled with a precompiled header.
        target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    else()
        target_compile_options(${target} PRIVATE -fpch-preprocess)
    endif()
    if(RTAI_SANITIZE)
        set(flags "-fsanitize=${RTAI_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_compile_options(${target} PRIVATE ${flags})
        target_link_options(${target} PRIVATE ${flags})
    endif()
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()
