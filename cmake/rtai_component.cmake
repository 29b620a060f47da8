# A component is one floor of include/rtai: an interface target, an export of its own, a pkg-config file.
#
#   rtai_component(<name> [ALWAYS]      ALWAYS: no RTAI_COMPONENTS leaves it out
#       [DESCRIPTION <text>]
#       [DEPENDS <component>...]        components below it
#       [PACKAGES <"Name version">...]  what find_package must find, here and at the consumer
#       [LINK <target>...]              targets of PACKAGES to link
#       [MODULES <"name>=version">...]  what pkg-config must find; linked, and required by the .pc file
#       [DEFINITIONS <definition>...] [OPTIONS <compiler option>...]
#       [PC_CFLAGS <flag>...] [PC_LIBS <flag>...])  the same and PACKAGES, as the .pc file says them
#
# Defines rtai_<name> and its alias rtai::<name>. RTAI_COMPONENTS decides what a missing package means.

include(GNUInstallDirs)
include("${CMAKE_CURRENT_LIST_DIR}/rtai_includes.cmake")
set(rtai_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/rtai")

function(rtai_component name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "ALWAYS" "DESCRIPTION"
        "DEPENDS;PACKAGES;LINK;MODULES;DEFINITIONS;OPTIONS;PC_CFLAGS;PC_LIBS")
    if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "rtai_component(${name}): cannot read: "
            "${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
    endif()

    set(required TRUE)
    if(arg_ALWAYS)
    elseif(RTAI_COMPONENTS STREQUAL "auto")
        set(required FALSE)
    elseif(NOT RTAI_COMPONENTS STREQUAL "all" AND NOT name IN_LIST RTAI_COMPONENTS)
        return()
    endif()
    foreach(below IN LISTS arg_DEPENDS)
        if(NOT TARGET rtai::${below})
            if(required)
                message(FATAL_ERROR "rtai::${name} needs rtai::${below}: add ${below} to RTAI_COMPONENTS")
            endif()
            message(STATUS "rtai::${name} is left out: it needs rtai::${below}")
            return()
        endif()
    endforeach()

    set(find_lines "")
    foreach(package IN LISTS arg_PACKAGES)
        separate_arguments(words UNIX_COMMAND "${package}")
        list(GET words 0 package_name)
        if(required)
            find_package(${words} REQUIRED)
        else()
            find_package(${words} QUIET)
        endif()
        if(NOT ${package_name}_FOUND)
            message(STATUS "rtai::${name} is left out: ${package} was not found")
            return()
        endif()
        string(APPEND find_lines "find_dependency(${package})\n")
    endforeach()
    if(arg_MODULES)
        find_package(PkgConfig REQUIRED)
        string(APPEND find_lines "find_dependency(PkgConfig)\n")
    endif()
    foreach(module IN LISTS arg_MODULES)
        string(REGEX MATCH "^[^<>=]+" module_name "${module}")
        string(MAKE_C_IDENTIFIER "rtai_module_${module_name}" prefix)
        pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL "${module}")
        if(NOT ${prefix}_FOUND)
            if(required)
                message(FATAL_ERROR "rtai::${name} needs ${module}, which pkg-config does not find; "
                    "./dev setup installs it on Debian")
            endif()
            message(STATUS "rtai::${name} is left out: pkg-config does not find ${module}")
            return()
        endif()
        rtai_only_existing_includes(PkgConfig::${prefix} ${prefix}_INCLUDE_DIRS)
        list(APPEND arg_LINK PkgConfig::${prefix})
        # For the rtai tool, which compiles programs by itself.
        list(TRANSFORM ${prefix}_INCLUDE_DIRS PREPEND -I OUTPUT_VARIABLE include_flags)
        list(TRANSFORM ${prefix}_LIBRARIES PREPEND -l OUTPUT_VARIABLE link_flags)
        set_property(GLOBAL APPEND PROPERTY rtai_include_flags ${include_flags})
        set_property(GLOBAL APPEND PROPERTY rtai_link_flags ${link_flags})
        string(APPEND find_lines "rtai_find_module(${prefix} \"${module}\")\n")
    endforeach()

    set_property(GLOBAL APPEND PROPERTY rtai_link_flags ${arg_PC_LIBS})

    add_library(rtai_${name} INTERFACE)
    add_library(rtai::${name} ALIAS rtai_${name})
    set_target_properties(rtai_${name} PROPERTIES EXPORT_NAME ${name})
    target_compile_features(rtai_${name} INTERFACE cxx_std_20)
    target_include_directories(rtai_${name} INTERFACE
        "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
        "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_compile_definitions(rtai_${name} INTERFACE ${arg_DEFINITIONS})
    target_compile_options(rtai_${name} INTERFACE ${arg_OPTIONS})
    list(TRANSFORM arg_DEPENDS PREPEND rtai:: OUTPUT_VARIABLE below)
    target_link_libraries(rtai_${name} INTERFACE ${below} ${arg_LINK})

    set_property(GLOBAL APPEND PROPERTY rtai_components ${name})
    if(RTAI_INSTALL)
        rtai_install_component()
    endif()
endfunction()

# Only for rtai_component, whose variables it reads.
macro(rtai_install_component)
    set(headers "${PROJECT_SOURCE_DIR}/include/rtai")
    install(DIRECTORY "${headers}/${name}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/rtai"
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inc")
    install(FILES "${headers}/${name}.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/rtai" OPTIONAL)
    install(TARGETS rtai_${name} EXPORT rtai-${name})
    install(EXPORT rtai-${name} NAMESPACE rtai:: DESTINATION "${rtai_package_dir}"
        FILE rtai-${name}-targets.cmake)

    set(depends "${arg_DEPENDS}")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/component.cmake.in"
        "${PROJECT_BINARY_DIR}/package/rtai-${name}.cmake" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/package/rtai-${name}.cmake" DESTINATION "${rtai_package_dir}")

    # ${pcfiledir} keeps the file true when the whole prefix moves.
    file(RELATIVE_PATH pc_up "/p/${CMAKE_INSTALL_DATADIR}/pkgconfig" "/p")
    string(REGEX REPLACE "/$" "" pc_up "${pc_up}")
    list(TRANSFORM arg_DEPENDS PREPEND rtai- OUTPUT_VARIABLE pc_requires)
    list(APPEND pc_requires ${arg_MODULES})
    list(JOIN pc_requires ", " pc_requires)
    string(REGEX REPLACE "([<>=]+)" " \\1 " pc_requires "${pc_requires}")
    list(JOIN arg_PC_CFLAGS " " pc_cflags)
    list(JOIN arg_PC_LIBS " " pc_libs)
    configure_file("${PROJECT_SOURCE_DIR}/cmake/component.pc.in"
        "${PROJECT_BINARY_DIR}/package/rtai-${name}.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/package/rtai-${name}.pc"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
endmacro()

# Installs what all components share. Call it after the last rtai_component.
function(rtai_install_package)
    get_property(rtai_components GLOBAL PROPERTY rtai_components)
    set(unknown ${RTAI_COMPONENTS})
    list(REMOVE_ITEM unknown all auto ${rtai_components})
    if(unknown)
        message(FATAL_ERROR "RTAI_COMPONENTS names '${unknown}'; rtai has: ${rtai_components}")
    endif()
    if(NOT RTAI_INSTALL)
        return()
    endif()
    include(CMakePackageConfigHelpers)
    configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rtaiConfig.cmake.in"
        "${PROJECT_BINARY_DIR}/package/rtaiConfig.cmake"
        INSTALL_DESTINATION "${rtai_package_dir}")
    write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/rtaiConfigVersion.cmake"
        COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
    install(FILES
        "${PROJECT_BINARY_DIR}/package/rtaiConfig.cmake"
        "${PROJECT_BINARY_DIR}/package/rtaiConfigVersion.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/FindAsio.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/FindFlite.cmake"
        "${PROJECT_SOURCE_DIR}/cmake/rtai_includes.cmake"
        DESTINATION "${rtai_package_dir}")
    install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/rtai")
endfunction()
