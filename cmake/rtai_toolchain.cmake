# Comfort for work on rtai itself: ccache and a fast linker when they are there.

find_program(RTAI_CCACHE ccache)
mark_as_advanced(RTAI_CCACHE)
if(RTAI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Without the sloppiness ccache never reuses a file that has a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${RTAI_CCACHE}")
endif()

include(CheckLinkerFlag)
foreach(linker IN ITEMS mold lld)
    check_linker_flag(CXX "-fuse-ld=${linker}" RTAI_HAS_${linker})
    if(RTAI_HAS_${linker})
        add_link_options("-fuse-ld=${linker}")
        break()
    endif()
endforeach()
