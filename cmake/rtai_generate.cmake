# rtai_generate(TARGET <target> SPECS <spec.yaml>... [OUT_DIR <dir>])
#
# Adds to the target what the rtai tool generates from the specs, and puts the values beside the program. It is
# generated again when a spec, what it imports, one of its headers or the tool changes; a file is written only
# if its content changes.
#
# A spec's own headers are looked for beside it, and through the target's include directories.

function(rtai_generate)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;OUT_DIR" "SPECS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "rtai_generate: there is no argument '${arg_UNPARSED_ARGUMENTS}'; it takes TARGET, SPECS and OUT_DIR")
    endif()
    if(arg_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "rtai_generate: ${arg_KEYWORDS_MISSING_VALUES} needs a value")
    endif()
    foreach(needed IN ITEMS TARGET SPECS)
        if(NOT arg_${needed})
            message(FATAL_ERROR "rtai_generate needs ${needed}: rtai_generate(TARGET app SPECS app.yaml)")
        endif()
    endforeach()
    if(NOT TARGET ${arg_TARGET})
        message(FATAL_ERROR "rtai_generate: there is no target '${arg_TARGET}': call add_executable(${arg_TARGET}) before")
    endif()
    if(NOT TARGET rtai::tool)
        message(FATAL_ERROR "rtai_generate: the rtai tool is not there; rtai was configured with RTAI_BUILD_TOOL=OFF")
    endif()
    if(NOT arg_OUT_DIR)
        set(arg_OUT_DIR "${CMAKE_CURRENT_BINARY_DIR}/${arg_TARGET}.rtai")
    endif()
    cmake_path(ABSOLUTE_PATH arg_OUT_DIR BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")

    # What a probe of the spec's own headers needs is what the target is compiled with.
    set(dirs "$<TARGET_PROPERTY:${arg_TARGET},INCLUDE_DIRECTORIES>")
    set(include_flags "$<$<BOOL:${dirs}>:--include=$<JOIN:${dirs},$<SEMICOLON>--include=>>")

    foreach(spec IN LISTS arg_SPECS)
        cmake_path(ABSOLUTE_PATH spec BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
        if(NOT EXISTS "${spec}")
            message(FATAL_ERROR "rtai_generate: there is no file ${spec}")
        endif()
        # The names of the files are the spec's own name, which is all that is read here.
        file(STRINGS "${spec}" name_line REGEX "^name:")
        string(REGEX REPLACE "^name:[ \t]*[\"']?([A-Za-z0-9_]*).*" "\\1" name "${name_line}")
        if(NOT name)
            message(FATAL_ERROR "rtai_generate: ${spec} has no line 'name: ...'")
        endif()
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${spec}")
        # A spec without services is a header alone.
        file(STRINGS "${spec}" services REGEX "^services:")
        set(made "${arg_OUT_DIR}/${name}.hpp")
        if(services)
            list(APPEND made "${arg_OUT_DIR}/${name}.cpp" "${arg_OUT_DIR}/${name}.values.yaml")
        endif()
        cmake_path(GET spec PARENT_PATH spec_dir)
        cmake_path(GET spec FILENAME spec_name)
        # The stamp is what is built: the files themselves stay as old as their content.
        set(stamp "${arg_OUT_DIR}/${name}.stamp")
        add_custom_command(OUTPUT "${stamp}" BYPRODUCTS ${made}
            COMMAND rtai::tool generate "${spec}" --out "${arg_OUT_DIR}" --depfile "${arg_OUT_DIR}/${name}.d" --stamp "${stamp}"
                --compiler "${CMAKE_CXX_COMPILER}" "${include_flags}"
            DEPENDS "${spec}" rtai::tool
            DEPFILE "${arg_OUT_DIR}/${name}.d"
            COMMENT "Generating ${name} from ${spec_name}" COMMAND_EXPAND_LISTS VERBATIM)
        target_sources(${arg_TARGET} PRIVATE "${stamp}" ${made})
        target_include_directories(${arg_TARGET} PRIVATE "${arg_OUT_DIR}" "${spec_dir}")
        if(services)
            add_custom_command(OUTPUT "${stamp}.values"
                COMMAND "${CMAKE_COMMAND}" -E copy_if_different "${arg_OUT_DIR}/${name}.values.yaml"
                    "$<TARGET_FILE_DIR:${arg_TARGET}>/${name}.values.yaml"
                COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}.values"
                DEPENDS "${stamp}" VERBATIM)
            target_sources(${arg_TARGET} PRIVATE "${stamp}.values")
        endif()
    endforeach()
    target_link_libraries(${arg_TARGET} PRIVATE rtai::service $<TARGET_NAME_IF_EXISTS:rtai::ai>
        $<TARGET_NAME_IF_EXISTS:rtai::edge>)
endfunction()
