#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <map>
#include <memory>
#include <mutex>
#include <rtai/ai/detail/onnx_weights.hpp>
#include <rtai/ai/detail/silero_network.hpp>
#include <rtai/core/result.hpp>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::vad {

/// Silero VAD v5 (MIT licence, github.com/snakers4/silero-vad), computed here; of its ONNX file only the
/// weights are read. A model is shared by all conversations and is never changed.
class silero_model {
public:
    /// From the bytes of an ONNX file.
    static result<std::shared_ptr<const silero_model>> read(std::span<const std::byte> file) {
        const auto tensors = rtai::detail::onnx_reader::read(file);
        if (!tensors) return tensors.error();
        auto model = std::make_shared<silero_model>();
        // Each branch of the file, for one rate, is a graph with a transform of its own.
        for (const auto& basis : *tensors) {
            if (!basis.name.ends_with("stft.forward_basis_buffer")) continue;
            std::vector<rtai::detail::onnx_tensor> branch;
            for (const auto& t : *tensors)
                if (t.graph == basis.graph) branch.push_back(t);
            const std::size_t which = basis.dims[2] == 256 ? 1 : 0;
            auto network = detail::silero_network::of(branch, which == 1 ? 256 : 128);
            if (!network) return network.error();
            model->networks_[which] = std::move(*network);
        }
        for (const auto& n : model->networks_)
            if (n.window() == 0)
                return error(std::errc::bad_message,
                             "its tensors are not those of Silero VAD v5 for 8 and 16 kHz");
        return std::shared_ptr<const silero_model>(std::move(model));
    }

    /// Each file is read once, and its model kept for good.
    static result<std::shared_ptr<const silero_model>> load(const std::filesystem::path& path) {
        static std::mutex mutex;
        static std::map<std::filesystem::path, std::shared_ptr<const silero_model>> all;
        const std::scoped_lock lock(mutex);
        auto& known = all[path];
        if (known) return known;
        std::error_code unknown;
        std::ifstream file;
        if (std::filesystem::is_regular_file(path, unknown))
            file.open(path, std::ios::binary | std::ios::ate);
        if (!file.is_open()) return error(std::errc::no_such_file_or_directory, missing(path));
        const auto size = static_cast<std::streamoff>(file.tellg());
        if (size < 0 || size > largest) return error(std::errc::file_too_large, wrong(path));
        std::vector<std::byte> bytes(static_cast<std::size_t>(size));
        file.seekg(0);
        if (!file.read(reinterpret_cast<char*>(bytes.data()), size))
            return error(std::errc::io_error, wrong(path));
        auto read = silero_model::read(bytes);
        if (!read) return error(read.error().code, wrong(path) + "; " + read.error().text);
        return known = *read;
    }

    /// $RTAI_MODELS/silero_vad.onnx; without that variable, in the user's cache.
    static std::filesystem::path usual_path() {
        const auto variable = [](const char* name) -> std::string {
            const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here sets it
            return value != nullptr ? value : "";
        };
        const std::filesystem::path name = "silero_vad.onnx";
        if (const auto models = variable("RTAI_MODELS"); !models.empty()) return models / name;
        if (const auto cache = variable("XDG_CACHE_HOME"); !cache.empty())
            return std::filesystem::path(cache) / "rtai/models" / name;
        return std::filesystem::path(variable("HOME")) / ".cache/rtai/models" / name;
    }

    const detail::silero_network& at(std::uint32_t rate) const noexcept {
        return networks_[rate == 16'000 ? 1 : 0];
    }
    std::size_t bytes() const noexcept { return networks_[0].bytes() + networks_[1].bytes(); }

private:
    static constexpr std::streamoff largest = 64 << 20;

    static std::string missing(const std::filesystem::path& path) {
        return named("there is no model ", path) +
               "; './dev models' in rtai's tree fetches it (the option 'model' names another place, and "
               "RTAI_MODELS another directory)";
    }
    static std::string wrong(const std::filesystem::path& path) {
        return named("not the model Silero VAD v5: ", path) + "; './dev models' in rtai's tree fetches it";
    }
    // By appending: g++-12 sees ghosts in "'" + string.
    static std::string named(std::string text, const std::filesystem::path& path) {
        text += '\'';
        text += path.string();
        text += '\'';
        return text;
    }

    std::array<detail::silero_network, 2> networks_;
};

/// One conversation's own part of a model: 3 KB.
class silero_state {
public:
    explicit silero_state(std::shared_ptr<const silero_model> m) noexcept : model_(std::move(m)) {}

    /// Forgets what was heard; returns the samples of a window: 512 at 16 kHz, 256 at 8 kHz.
    std::size_t begin(std::uint32_t rate) noexcept {
        network_ = &model_->at(rate);
        memory_ = {};
        return network_->window();
    }

    /// The probability, from 0 to 1, that there is speech in this window.
    float probability(std::span<const std::int16_t> window) noexcept { return (*network_)(window, memory_); }

private:
    std::shared_ptr<const silero_model> model_;
    const detail::silero_network* network_ = nullptr;
    detail::silero_network::memory memory_;
};

}  // namespace rtai::vad
