#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <rtai/ai/detail/onnx_weights.hpp>
#include <string>
#include <vector>

using namespace rtai;
using rtai::detail::onnx_reader;

namespace {

std::string varint(std::uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
    return out + static_cast<char>(value);
}
std::string number(std::uint32_t field, std::uint64_t value) { return varint(field << 3U) + varint(value); }
std::string bytes(std::uint32_t field, const std::string& value) {
    return varint(field << 3U | 2U) + varint(value.size()) + value;
}
std::string floats(const std::vector<float>& values) {
    std::string raw(values.size() * sizeof(float), '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    return raw;
}
std::string tensor(const std::string& name, const std::vector<std::uint64_t>& dims, const std::string& raw,
                   std::uint64_t type = 1) {
    std::string out;
    for (const auto d : dims) out += number(1, d);
    return out + number(2, type) + bytes(8, name) + bytes(9, raw);
}
std::string constant(const std::string& t) { return bytes(1, bytes(4, "Constant") + bytes(5, bytes(5, t))); }
std::string model(const std::string& graph) { return number(1, 8) + bytes(2, "test") + bytes(7, graph); }

auto read(const std::string& file) {
    return onnx_reader::read(std::as_bytes(std::span(file.data(), file.size())));
}

}  // namespace

TEST_CASE("tensors are found in initializers, in constants and in the branches of an If", "[onnx]") {
    const std::string inner = constant(tensor("inside", {2}, floats({5, 6})));
    const std::string branch = bytes(1, bytes(4, "If") + bytes(5, bytes(1, "then_branch") + bytes(6, inner)));
    const std::string file = model(bytes(5, tensor("first", {1, 3}, floats({1, 2, 3}))) + branch +
                                   constant(tensor("last", {}, floats({4}))));
    const auto found = read(file);
    REQUIRE(found);
    REQUIRE(found->size() == 3);
    const auto& all = *found;
    REQUIRE(all[0].name == "first");
    REQUIRE(all[0].rank == 2);
    REQUIRE(all[0].dims[1] == 3);
    std::vector<float> values(3);
    all[0].copy_to(values);
    REQUIRE(values == std::vector<float>{1, 2, 3});
    REQUIRE(all[1].name == "inside");
    REQUIRE(all[1].graph != all[0].graph);
    REQUIRE(all[2].name == "last");
    REQUIRE(all[2].graph == all[0].graph);
    REQUIRE(all[2].count() == 1);
}

TEST_CASE("dimensions may be packed into one field", "[onnx]") {
    const auto found = read(model(bytes(
        5, bytes(1, varint(2) + varint(2)) + number(2, 1) + bytes(8, "p") + bytes(9, floats({1, 2, 3, 4})))));
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    REQUIRE(found->front().rank == 2);
}

TEST_CASE("what is not floats with a name is passed over", "[onnx]") {
    const auto found = read(model(bytes(5, tensor("integers", {1}, std::string(8, '\0'), 7)) +
                                  bytes(5, tensor("", {1}, floats({1}))) +
                                  bytes(5, tensor("five", {1, 1, 1, 1, 1}, floats({1}))) +
                                  bytes(5, number(1, 0) + number(2, 1) + bytes(8, "empty"))));
    REQUIRE(found);
    REQUIRE(found->empty());
}

TEST_CASE("a tensor whose dimensions do not fit its bytes is refused", "[onnx]") {
    REQUIRE_FALSE(read(model(bytes(5, tensor("short", {3}, floats({1, 2}))))));
    REQUIRE_FALSE(read(model(bytes(5, tensor("long", {1}, floats({1, 2}))))));
    REQUIRE_FALSE(read(model(bytes(5, tensor("odd", {1}, "12345")))));
    REQUIRE_FALSE(read(
        model(bytes(5, tensor("huge", {std::uint64_t{1} << 62U, std::uint64_t{1} << 62U}, floats({1}))))));
    // 2^62 floats are as many bytes as none, in 64 bits.
    REQUIRE_FALSE(read(model(bytes(5, tensor("wraps", {std::uint64_t{1} << 62U}, floats({1}))))));
}

TEST_CASE("every truncation of a file is refused or holds fewer tensors, and nothing is read beyond it",
          "[onnx]") {
    const std::string file =
        model(constant(tensor("a", {2}, floats({1, 2}))) + constant(tensor("b", {1}, floats({3}))));
    REQUIRE(read(file)->size() == 2);
    for (std::size_t size = 0; size < file.size(); ++size) {
        // On the heap, and of just this size, so that the sanitizer sees a read beyond it.
        const std::vector<char> part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
        REQUIRE_FALSE(onnx_reader::read(std::as_bytes(std::span(part))));
    }
}

TEST_CASE("graphs in graphs end somewhere", "[onnx]") {
    std::string graph = constant(tensor("deep", {1}, floats({1})));
    for (int depth = 0; depth < 12; ++depth) graph = bytes(1, bytes(5, bytes(6, graph)));
    REQUIRE(read(model(graph))->size() == 1);
    for (int depth = 0; depth < 1000; ++depth) graph = bytes(1, bytes(5, bytes(6, graph)));
    REQUIRE_FALSE(read(model(graph)));
}

TEST_CASE("a file of too many tensors is refused", "[onnx]") {
    std::string graph;
    for (int i = 0; i < 5000; ++i) graph += bytes(5, tensor("x", {1}, floats({1})));
    REQUIRE_FALSE(read(model(graph)));
}

TEST_CASE("what is no protobuf is refused", "[onnx]") {
    REQUIRE_FALSE(read(""));
    REQUIRE_FALSE(read("RIFF....WAVEfmt "));
    REQUIRE_FALSE(read(std::string(1000, '\xFF')));
    REQUIRE_FALSE(read(std::string(1000, '\0')));
    REQUIRE_FALSE(read(number(1, 8)));
    REQUIRE_FALSE(read(bytes(7, bytes(1, std::string("\x2A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10)))));
}
