#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <rtai/core/race.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/rpc/call.hpp>
#include <rtai/rpc/detail/wire.hpp>
#include <rtai/rpc/status.hpp>
#include <rtai/rpc/stream.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// What grpcurl and the like ask a server for: its services, and the protos they are made of.

namespace rtai::rpc::detail {

/// The service "grpc.reflection.v1.ServerReflection", or its older name, on bytes.
class reflection_service final : public grpc::Service {
public:
    static constexpr const char* names[] = {"grpc.reflection.v1.ServerReflection",
                                            "grpc.reflection.v1alpha.ServerReflection"};
    static constexpr const char* paths[] = {"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"};

    /// gRPC keeps the pointer.
    explicit reflection_service(const char* path) {
        AddMethod(
            new grpc::internal::RpcServiceMethod(path, grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
        MarkMethodAsync(0);
    }

    void info(grpc::ServerContext* context,
              grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>* talk,
              grpc::CompletionQueue* calls, grpc::ServerCompletionQueue* queue, void* tag) {
        RequestAsyncBidiStreaming(0, context, talk, calls, queue, tag);
    }
};

/// Answers questions about what was generated into this program.
class reflection {
public:
    explicit reflection(std::vector<std::string> services) : services_(std::move(services)) {}

    task<result<>> operator()(call& c, stream<grpc::ByteBuffer, grpc::ByteBuffer>& s) {
        for (;;) {
            auto either = co_await race(s.read(), c.draining().wait());
            if (either.index() == 1) co_return failure(grpc::UNAVAILABLE, "the server is about to stop");
            const auto& question = std::get<0>(either);
            if (!question) co_return result<>();
            const auto answered = buffer_of(answer(text_of(*question)));
            const bool written = co_await s.write(answered);
            if (!written) co_return result<>();
        }
    }

    /// A `ServerReflectionRequest` in, a `ServerReflectionResponse` out.
    std::string answer(std::string_view question) const {
        wire_writer out;
        wire_reader fields(question);
        wire_field asked;
        while (const auto field = fields.next())
            if (field->number == host) out.bytes(valid_host, field->bytes);
            else asked = *field;
        if (!fields.good()) return refused(std::move(out), grpc::INVALID_ARGUMENT, "a broken request");
        out.bytes(original_request, question);
        const std::string text(asked.bytes);
        switch (asked.number) {
            case file_by_filename:
                return with_files(std::move(out), known().FindFileByName(text), "file '" + text + "'");
            case file_containing_symbol:
                return with_files(std::move(out), known().FindFileContainingSymbol(text),
                                  "symbol '" + text + "'");
            case file_containing_extension:
                return with_extension(std::move(out), asked.bytes);
            case all_extension_numbers_of_type:
                return with_extensions(std::move(out), text);
            case list_services:
                return with_services(std::move(out));
            default:
                return refused(std::move(out), grpc::UNIMPLEMENTED, "a question this server does not know");
        }
    }

private:
    // Fields of the request, and then of the response.
    static constexpr std::uint32_t host = 1;
    static constexpr std::uint32_t file_by_filename = 3;
    static constexpr std::uint32_t file_containing_symbol = 4;
    static constexpr std::uint32_t file_containing_extension = 5;
    static constexpr std::uint32_t all_extension_numbers_of_type = 6;
    static constexpr std::uint32_t list_services = 7;
    static constexpr std::uint32_t valid_host = 1;
    static constexpr std::uint32_t original_request = 2;
    static constexpr std::uint32_t files_answer = 4;
    static constexpr std::uint32_t extensions_answer = 5;
    static constexpr std::uint32_t services_answer = 6;
    static constexpr std::uint32_t error_answer = 7;

    static const google::protobuf::DescriptorPool& known() {
        return *google::protobuf::DescriptorPool::generated_pool();
    }

    static std::string refused(wire_writer out, grpc::StatusCode code, const std::string& why) {
        wire_writer fault;
        fault.number(1, static_cast<std::uint64_t>(code));
        fault.bytes(2, why);
        out.bytes(error_answer, fault.message());
        return out.message();
    }

    /// The file and all that it imports, so that one question is enough.
    static std::string with_files(wire_writer out, const google::protobuf::FileDescriptor* file,
                                  const std::string& what) {
        if (file == nullptr) return refused(std::move(out), grpc::NOT_FOUND, "no " + what);
        wire_writer files;
        std::set<const google::protobuf::FileDescriptor*> seen{file};
        std::vector<const google::protobuf::FileDescriptor*> left{file};
        while (!left.empty()) {
            const auto* next = left.back();
            left.pop_back();
            google::protobuf::FileDescriptorProto proto;
            next->CopyTo(&proto);
            files.bytes(1, proto.SerializeAsString());
            for (int i = 0; i < next->dependency_count(); ++i)
                if (seen.insert(next->dependency(i)).second) left.push_back(next->dependency(i));
        }
        out.bytes(files_answer, files.message());
        return out.message();
    }

    static std::string with_extension(wire_writer out, std::string_view asked) {
        std::string type;
        std::uint64_t number = 0;
        wire_reader fields(asked);
        while (const auto field = fields.next())
            if (field->number == 1) type = field->bytes;
            else if (field->number == 2) number = field->value;
        const auto* message = known().FindMessageTypeByName(type);
        const auto* found =
            message == nullptr ? nullptr : known().FindExtensionByNumber(message, static_cast<int>(number));
        return with_files(std::move(out), found == nullptr ? nullptr : found->file(),
                          "extension " + std::to_string(number) + " of '" + type + "'");
    }

    static std::string with_extensions(wire_writer out, const std::string& type) {
        const auto* message = known().FindMessageTypeByName(type);
        if (message == nullptr)
            return refused(std::move(out), grpc::NOT_FOUND, "no message type '" + type + "'");
        std::vector<const google::protobuf::FieldDescriptor*> all;
        known().FindAllExtensions(message, &all);
        wire_writer numbers;
        numbers.bytes(1, type);
        for (const auto* extension : all) numbers.number(2, static_cast<std::uint64_t>(extension->number()));
        out.bytes(extensions_answer, numbers.message());
        return out.message();
    }

    std::string with_services(wire_writer out) const {
        wire_writer list;
        for (const auto& name : services_) {
            wire_writer service;
            service.bytes(1, name);
            list.bytes(1, service.message());
        }
        out.bytes(services_answer, list.message());
        return out.message();
    }

    std::vector<std::string> services_;
};

}  // namespace rtai::rpc::detail
