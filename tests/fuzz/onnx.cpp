// Bytes as the file of a model.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/ai/detail/onnx_weights.hpp>
#include <rtai/ai/vad/silero_model.hpp>
#include <span>
#include <vector>

namespace {

void require(bool held) {
    if (!held) std::abort();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = std::as_bytes(std::span(data, size));
    const auto tensors = rtai::detail::onnx_reader::read(file);
    if (!tensors) return 0;
    for (const auto& t : *tensors) {
        require(t.raw.data() >= file.data() && t.raw.size() <= size);
        require(t.raw.data() + t.raw.size() <= file.data() + size);
        require(!t.name.empty() && t.count() * sizeof(float) == t.raw.size());
        std::vector<float> values(t.count());
        t.copy_to(values);
        std::size_t product = 1;
        for (std::size_t i = 0; i < t.rank; ++i) product *= t.dims[i];
        require(product == values.size());
    }
    (void)rtai::vad::silero_model::read(file);
    return 0;
}
