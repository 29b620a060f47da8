#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <rtai/ai/detail/dense.hpp>
#include <rtai/ai/detail/onnx_weights.hpp>
#include <rtai/core/result.hpp>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace rtai::vad::detail {

/// One of the two networks of Silero VAD v5, for a rate of 8 or 16 kHz: a Fourier transform that gives four
/// spectra, four convolutions that make one vector of them, a recurrent cell, and one sum at the end.
class silero_network {
public:
    static constexpr std::size_t hidden = 128;
    static constexpr std::size_t most_samples = 512 + 64;

    /// What a conversation keeps from window to window.
    struct memory {
        std::array<float, 2 * hidden> input_and_output{};  // of the cell: what comes in, what went out
        std::array<float, hidden> cell{};
        std::array<float, most_samples> sound{};  // the end of the last window and this one
    };

    /// Empty if the tensors of this graph are others.
    static result<silero_network> of(std::span<const rtai::detail::onnx_tensor> tensors,
                                     std::size_t transform) {
        silero_network n;
        if (auto made = n.make(tensors, transform); !made) return made.error();
        return n;
    }

    std::size_t window() const noexcept { return transform_ * 2; }
    std::size_t context() const noexcept { return transform_ / 4; }
    std::size_t bytes() const noexcept {
        std::size_t all = spectrum_.bytes() + cell_.bytes() + last_.size() * sizeof(float);
        for (const auto& c : convolutions_) all += c.bytes();
        return all;
    }

    /// The probability that this window is speech. Allocates nothing.
    float operator()(std::span<const std::int16_t> samples, memory& m) const noexcept {
        const std::size_t bins = transform_ / 2 + 1;
        const std::size_t length = context() + window();
        float* const sound = m.sound.data();
        std::copy_n(sound + window(), context(), sound);
        for (std::size_t i = 0; i < std::min(samples.size(), window()); ++i)
            sound[context() + i] = static_cast<float>(samples[i]) / 32768.0F;

        // Reflected at the end, where the last spectrum reaches beyond the window.
        std::array<float, most_samples + 64> padded;
        std::copy_n(sound, length, padded.begin());
        for (std::size_t i = 0; i < context(); ++i) padded[length + i] = sound[length - 2 - i];

        std::array<float, spectra * most_bins> waves;
        spectrum_.operator()<spectra>(padded.data(), transform_ / 2, waves.data(), most_bins);

        // Rows of channels, with a row of zeros where a convolution reaches over the edge.
        std::array<float, (spectra + 2) * row> a{};
        std::array<float, (spectra + 2) * row> b{};
        for (std::size_t t = 0; t < spectra; ++t)
            for (std::size_t k = 0; k < bins; ++k) {
                const float real = waves[t * most_bins + k];
                const float imaginary = waves[t * most_bins + bins + k];
                a[(t + 1) * bins + k] = std::sqrt(real * real + imaginary * imaginary);
            }
        // Of four rows two, then one. The last two convolutions see no more than that: the other weights
        // would be multiplied with the zeros around it.
        convolutions_[0].operator()<4>(a.data(), bins, b.data() + hidden, hidden);
        bend(b.data() + hidden, 4 * hidden);
        convolutions_[1].operator()<2>(b.data(), 2 * hidden, a.data(), hidden / 2);
        bend(a.data(), hidden);
        convolutions_[2].operator()<1>(a.data(), 0, b.data(), 0);
        bend(b.data(), hidden / 2);
        convolutions_[3].operator()<1>(b.data(), 0, m.input_and_output.data(), 0);
        bend(m.input_and_output.data(), hidden);
        return remember(m);
    }

private:
    static constexpr std::size_t spectra = 4;
    static constexpr std::size_t most_bins = rtai::detail::dense::padded(258);
    static constexpr std::size_t row = 129;

    static void bend(float* values, std::size_t count) noexcept {
        for (std::size_t i = 0; i < count; ++i) values[i] = values[i] > 0 ? values[i] : 0.0F;
    }
    static float squash(float x) noexcept { return 1 / (1 + std::exp(-x)); }

    float remember(memory& m) const noexcept {
        std::array<float, 4 * hidden> gates;
        cell_.operator()<1>(m.input_and_output.data(), 0, gates.data(), 0);
        float sum = bias_;
        for (std::size_t i = 0; i < hidden; ++i) {
            const float let_in = squash(gates[i]);
            const float keep = squash(gates[hidden + i]);
            const float offered = std::tanh(gates[2 * hidden + i]);
            const float let_out = squash(gates[3 * hidden + i]);
            m.cell[i] = keep * m.cell[i] + let_in * offered;
            const float out = let_out * std::tanh(m.cell[i]);
            m.input_and_output[hidden + i] = out;
            sum += last_[i] * (out > 0 ? out : 0.0F);
        }
        return squash(sum);
    }

    using tensors = std::span<const rtai::detail::onnx_tensor>;

    /// The floats of a tensor that has these dimensions.
    static result<std::vector<float>> floats(tensors all, std::string_view name,
                                             const std::array<std::size_t, 4>& dims) {
        const auto it = std::find_if(all.begin(), all.end(),
                                     [&](const auto& t) { return t.name.ends_with(name) && t.dims == dims; });
        if (it == all.end())
            return error(std::errc::bad_message, "the tensor '" + std::string(name) + "' is missing");
        std::vector<float> values(it->count());
        it->copy_to(values);
        if (!std::all_of(values.begin(), values.end(), [](float v) { return std::abs(v) < 1e6F; }))
            return error(std::errc::bad_message, "the tensor '" + std::string(name) + "' is damaged");
        return values;
    }

    result<> make(tensors all, std::size_t transform) {
        transform_ = transform;
        const std::size_t bins = transform / 2 + 1;
        const auto basis = floats(all, "stft.forward_basis_buffer", {2 * bins, 1, transform});
        if (!basis) return basis.error();
        spectrum_ = rtai::detail::dense(
            transform, 2 * bins, [&](auto o, auto i) { return (*basis)[o * transform + i]; },
            [](auto) { return 0.0F; });

        struct shape {
            std::size_t in, out, first_tap, taps;
        };
        const shape shapes[] = {{bins, 128, 0, 3}, {128, 64, 0, 3}, {64, 64, 1, 2}, {64, 128, 1, 1}};
        for (std::size_t c = 0; c < std::size(shapes); ++c) {
            const auto& s = shapes[c];
            const std::string name = "encoder." + std::to_string(c) + ".reparam_conv.";
            const auto weights = floats(all, name + "weight", {s.out, s.in, 3});
            if (!weights) return weights.error();
            const auto biases = floats(all, name + "bias", {s.out});
            if (!biases) return biases.error();
            convolutions_[c] = rtai::detail::dense(
                s.in * s.taps, s.out,
                [&](auto o, auto i) {
                    return (*weights)[(o * s.in + i % s.in) * 3 + s.first_tap + i / s.in];
                },
                [&](auto o) { return (*biases)[o]; });
        }

        const auto from_input = floats(all, "decoder.rnn.weight_ih", {4 * hidden, hidden});
        if (!from_input) return from_input.error();
        const auto from_output = floats(all, "decoder.rnn.weight_hh", {4 * hidden, hidden});
        if (!from_output) return from_output.error();
        const auto input_bias = floats(all, "decoder.rnn.bias_ih", {4 * hidden});
        if (!input_bias) return input_bias.error();
        const auto output_bias = floats(all, "decoder.rnn.bias_hh", {4 * hidden});
        if (!output_bias) return output_bias.error();
        cell_ = rtai::detail::dense(
            2 * hidden, 4 * hidden,
            [&](auto o, auto i) {
                return i < hidden ? (*from_input)[o * hidden + i] : (*from_output)[o * hidden + i - hidden];
            },
            [&](auto o) { return (*input_bias)[o] + (*output_bias)[o]; });

        const auto last = floats(all, "decoder.decoder.2.weight", {1, hidden, 1});
        if (!last) return last.error();
        const auto bias = floats(all, "decoder.decoder.2.bias", {1});
        if (!bias) return bias.error();
        std::copy(last->begin(), last->end(), last_.begin());
        bias_ = bias->front();
        return {};
    }

    std::size_t transform_ = 0;
    rtai::detail::dense spectrum_;
    std::array<rtai::detail::dense, 4> convolutions_;
    rtai::detail::dense cell_;
    std::array<float, hidden> last_{};
    float bias_ = 0;
};

}  // namespace rtai::vad::detail
