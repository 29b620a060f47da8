#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace rtai::detail {

/// Weights that are multiplied with vectors of inputs: the layer that convolutions and recurrent cells come
/// down to. One read of the weights serves several vectors, and the outputs are what runs in parallel, so
/// no sum is reordered.
class dense {
public:
    dense() = default;

    /// `weight(output, input)` is asked for each weight, `bias(output)` for each output.
    template <class W, class B>
    dense(std::size_t inputs, std::size_t outputs, W&& weight, B&& bias)
        : inputs_(inputs), outputs_(outputs), weights_(padded() * inputs), biases_(padded()) {
        for (std::size_t o = 0; o < outputs; ++o) {
            biases_[o] = bias(o);
            for (std::size_t i = 0; i < inputs; ++i)
                weights_[(o / width * inputs + i) * width + o % width] = weight(o, i);
        }
    }

    std::size_t inputs() const noexcept { return inputs_; }
    std::size_t outputs() const noexcept { return outputs_; }
    std::size_t bytes() const noexcept { return (weights_.size() + biases_.size()) * sizeof(float); }

    /// So many vectors, `stride` floats apart, into outputs that are `out_stride` apart; these may be read
    /// and written as far as `padded()`.
    template <std::size_t Vectors>
    void operator()(const float* in, std::size_t stride, float* out, std::size_t out_stride) const noexcept {
        multiply(in, stride, out, out_stride, std::make_index_sequence<Vectors * count>());
    }

    /// The outputs, and a few more that mean nothing.
    std::size_t padded() const noexcept { return padded(outputs_); }
    static constexpr std::size_t padded(std::size_t outputs) noexcept {
        return (outputs + width - 1) / width * width;
    }

private:
    // What each x86-64 and each ARM64 has; twice as wide gains less than a third here.
    // NOLINTNEXTLINE(modernize-use-using)
    typedef float lanes __attribute__((vector_size(16), aligned(4), may_alias));
    static constexpr std::size_t each = sizeof(lanes) / sizeof(float);
    static constexpr std::size_t count = 4;
    static constexpr std::size_t width = count * each;

    // The sums are named by constants, so that they stay in registers.
    template <std::size_t... Part>
    void multiply(const float* in, std::size_t stride, float* out, std::size_t out_stride,
                  std::index_sequence<Part...>) const noexcept {
        for (std::size_t o = 0; o < outputs_; o += width) {
            const float* w = weights_.data() + o * inputs_;
            const float* b = biases_.data() + o;
            lanes sums[] = {at(b, Part % count)...};
            for (std::size_t i = 0; i < inputs_; ++i, w += width)
                ((sums[Part] += at(w, Part % count) * in[Part / count * stride + i]), ...);
            float* to = out + o;
            ((at(to + Part / count * out_stride, Part % count) = sums[Part]), ...);
        }
    }
    static const lanes& at(const float* from, std::size_t part) noexcept {
        return *reinterpret_cast<const lanes*>(from + part * each);
    }
    static lanes& at(float* to, std::size_t part) noexcept {
        return *reinterpret_cast<lanes*>(to + part * each);
    }

    std::size_t inputs_ = 0, outputs_ = 0;
    std::vector<float> weights_;  // for each `width` outputs, the weights of all inputs
    std::vector<float> biases_;
};

}  // namespace rtai::detail
