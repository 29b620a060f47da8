# rtai_proto_library(<target> ROOT <directory> PROTOS <file below it>...): a static library of what protoc makes of these
# files, messages and gRPC services. A file a/b.proto is included as <a/b.pb.h> and <a/b.grpc.pb.h>. The target
# <target>_code only makes them, for who reads code without compiling it.

include_guard()

function(rtai_proto_library target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOT" "PROTOS")
    if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
        message(FATAL_ERROR "rtai_proto_library(${target}): cannot read: "
            "${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
    endif()
    find_program(RTAI_PROTOC protoc)
    find_program(RTAI_GRPC_PLUGIN grpc_cpp_plugin)
    mark_as_advanced(RTAI_PROTOC RTAI_GRPC_PLUGIN)
    if(NOT RTAI_PROTOC OR NOT RTAI_GRPC_PLUGIN)
        message(FATAL_ERROR "gRPC needs protoc and grpc_cpp_plugin; on Debian: protobuf-compiler and protobuf-compiler-grpc")
    endif()
    set(out "${PROJECT_BINARY_DIR}/${target}")
    file(MAKE_DIRECTORY "${out}")
    set(sources "")
    foreach(proto IN LISTS arg_PROTOS)
        string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
        set(made "")
        foreach(ending IN ITEMS pb.cc pb.h grpc.pb.cc grpc.pb.h)
            list(APPEND made "${out}/${stem}.${ending}")
        endforeach()
        add_custom_command(OUTPUT ${made}
            COMMAND "${RTAI_PROTOC}" "--proto_path=${arg_ROOT}" "--cpp_out=${out}" "--grpc_out=${out}"
                "--plugin=protoc-gen-grpc=${RTAI_GRPC_PLUGIN}" "${arg_ROOT}/${proto}"
            DEPENDS "${arg_ROOT}/${proto}" VERBATIM)
        list(APPEND sources ${made})
    endforeach()
    add_custom_target(${target}_code DEPENDS ${sources})
    add_library(${target} STATIC ${sources})
    add_dependencies(${target} ${target}_code)
    target_compile_features(${target} PUBLIC cxx_std_20)
    # Not ours to warn about, where it is made and where it is included.
    target_compile_options(${target} PRIVATE -w)
    target_include_directories(${target} SYSTEM PUBLIC "$<BUILD_INTERFACE:${out}>")
    target_link_libraries(${target} PUBLIC PkgConfig::rtai_module_grpc__ PkgConfig::rtai_module_protobuf)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF)
endfunction()
