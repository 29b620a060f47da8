#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "support/sound.hpp"

namespace rtai::test {

inline void openssl(const std::string& arguments) {
    const auto log = temporary("openssl.log").string();
    if (std::system(("openssl " + arguments + " >" + log + " 2>&1").c_str()) != 0)
        throw std::runtime_error("openssl " + arguments + ":\n" + file_text(log));
}

/// An authority, and those whom it signs, made by openssl when first asked for.
struct certificate_files {
    explicit certificate_files(const std::string& name)
        : certificate(temporary(name + ".pem")), key(temporary(name + ".key")) {}

    std::filesystem::path certificate, key;
};

inline certificate_files authority(const std::string& name = "authority") {
    certificate_files made(name);
    if (!std::filesystem::exists(made.certificate))
        openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=" + name +
                " -keyout " + made.key.string() + " -out " + made.certificate.string());
    return made;
}

/// For "127.0.0.1" and "voice.test", unless said otherwise.
inline certificate_files signed_by(const certificate_files& signer, const std::string& name,
                                   const std::string& names = "IP:127.0.0.1,DNS:voice.test", int days = 30) {
    certificate_files made(name);
    if (std::filesystem::exists(made.certificate)) return made;
    const auto request = temporary(name + ".csr").string();
    const auto extra = temporary(name + ".ext").string();
    write_file(extra, "subjectAltName=" + names + "\n");
    openssl("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " +
            made.key.string() + " -out " + request);
    openssl("x509 -req -in " + request + " -CA " + signer.certificate.string() + " -CAkey " +
            signer.key.string() + " -CAcreateserial -days " + std::to_string(days) + " -extfile " + extra +
            " -out " + made.certificate.string());
    return made;
}

}  // namespace rtai::test
