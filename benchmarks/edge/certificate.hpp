#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace bench {

/// For 127.0.0.1, signed by itself: PREFIX.pem and PREFIX.key, as long as this lives.
class certificate {
public:
    certificate()
        : directory_(std::filesystem::temp_directory_path() / ("bench_edge." + std::to_string(::getpid()))),
          prefix((directory_ / "server").string()) {
        std::filesystem::create_directories(directory_);
        const auto command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=bench "
            "-addext subjectAltName=IP:127.0.0.1 -keyout '" +
            prefix + ".key' -out '" + prefix + ".pem' >/dev/null 2>&1";
        if (std::system(command.c_str()) != 0) throw std::runtime_error("this did not work: " + command);
    }
    certificate(const certificate&) = delete;
    certificate& operator=(const certificate&) = delete;
    ~certificate() {
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }

private:
    std::filesystem::path directory_;

public:
    const std::string prefix;
};

}  // namespace bench
