#pragma once

#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <string>
#include <utility>

namespace rtai::test {

/// A stub for methods without generated code, whose messages are bytes.
class raw_stub {
public:
    using bytes = grpc::ByteBuffer;

    raw_stub(const std::shared_ptr<grpc::Channel>& channel, std::string method)
        : stub_(channel), method_(std::move(method)) {}

    std::unique_ptr<grpc::ClientAsyncResponseReader<bytes>> ask(grpc::ClientContext* c, const bytes& in,
                                                                grpc::CompletionQueue* q) {
        return stub_.PrepareUnaryCall(c, method_, in, q);
    }
    std::unique_ptr<grpc::ClientAsyncReaderWriter<bytes, bytes>> talk(grpc::ClientContext* c,
                                                                      grpc::CompletionQueue* q) {
        return stub_.PrepareCall(c, method_, q);
    }

private:
    grpc::GenericStub stub_;
    std::string method_;
};

}  // namespace rtai::test
