# Finds Flite with its English voices and defines Flite::Flite. It has no pkg-config file.
# Set Flite_INCLUDE_DIR or CMAKE_PREFIX_PATH when it is not in a usual place.

find_path(Flite_INCLUDE_DIR flite/flite.h)
find_library(Flite_LIBRARY flite)
mark_as_advanced(Flite_INCLUDE_DIR Flite_LIBRARY)

# Those who use others before them: this is the order for the linker.
set(Flite_LIBRARIES "")
set(Flite_PARTS "")
foreach(part IN ITEMS cmu_us_slt cmu_us_kal16 cmu_us_awb cmu_us_rms usenglish cmulex)
    find_library(Flite_${part}_LIBRARY flite_${part})
    mark_as_advanced(Flite_${part}_LIBRARY)
    list(APPEND Flite_PARTS Flite_${part}_LIBRARY)
    list(APPEND Flite_LIBRARIES "${Flite_${part}_LIBRARY}")
endforeach()
list(APPEND Flite_LIBRARIES "${Flite_LIBRARY}")

if(Flite_INCLUDE_DIR AND EXISTS "${Flite_INCLUDE_DIR}/flite/flite_version.h")
    file(STRINGS "${Flite_INCLUDE_DIR}/flite/flite_version.h" line REGEX "FLITE_PROJECT_VERSION +\"")
    string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" Flite_VERSION "${line}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Flite
    REQUIRED_VARS Flite_LIBRARY Flite_INCLUDE_DIR ${Flite_PARTS}
    VERSION_VAR Flite_VERSION
    REASON_FAILURE_MESSAGE "Flite is missing. Debian and Ubuntu have it: apt-get install flite1-dev")

if(Flite_FOUND AND NOT TARGET Flite::Flite)
    add_library(Flite::Flite INTERFACE IMPORTED)
    target_include_directories(Flite::Flite INTERFACE "${Flite_INCLUDE_DIR}")
    target_link_libraries(Flite::Flite INTERFACE ${Flite_LIBRARIES} m)
endif()
