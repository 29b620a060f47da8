#pragma once

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <rtai/core/result.hpp>
#include <string>
#include <system_error>

// Whether a file can be read or written, told in words that help.

namespace rtai {

namespace detail {

/// "'hello.wav'", and for a relative path where that begins.
inline std::string quoted_path(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

inline std::string where_paths_begin(const std::filesystem::path& path) {
    std::error_code failed;
    const auto here = std::filesystem::current_path(failed);
    if (path.is_absolute() || failed) return "check the path";
    return "check the path, which begins in '" + here.string() + "'";
}

}  // namespace detail

/// Whether `path` is a file that this program may read.
inline result<> readable(const std::filesystem::path& path) {
    if (path.empty()) return error(std::errc::invalid_argument, "no file is named: give 'path'");
    std::error_code failed;
    const auto status = std::filesystem::status(path, failed);
    const std::string what = "can not read " + detail::quoted_path(path);
    if (!std::filesystem::exists(status)) {
        const auto code = failed ? failed : std::make_error_code(std::errc::no_such_file_or_directory);
        return error(code, what + ": " + detail::where_paths_begin(path));
    }
    if (std::filesystem::is_directory(status))
        return error(std::errc::is_a_directory, what + ": name a file in it");
    if (!std::filesystem::is_regular_file(status))
        return error(std::errc::not_supported, what + ": it is a device or a pipe, name a file");
    if (::access(path.c_str(), R_OK) != 0)
        return error(std::error_code(errno, std::generic_category()), what + ": let this user read it");
    return {};
}

/// Whether this program may write a file at `path`, over the one that may be there.
inline result<> writable(const std::filesystem::path& path) {
    if (path.empty()) return error(std::errc::invalid_argument, "no file is named: give 'path'");
    std::error_code failed;
    const std::string what = "can not write " + detail::quoted_path(path);
    if (std::filesystem::is_directory(path, failed))
        return error(std::errc::is_a_directory, what + ": name a file in it");
    if (std::filesystem::exists(path, failed)) {
        if (::access(path.c_str(), W_OK) != 0)
            return error(std::error_code(errno, std::generic_category()), what + ": let this user write it");
        return {};
    }
    const auto directory = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (!std::filesystem::is_directory(directory, failed))
        return error(std::errc::no_such_file_or_directory,
                     what + ": make the directory " + detail::quoted_path(directory) + " first");
    if (::access(directory.c_str(), W_OK) != 0)
        return error(std::error_code(errno, std::generic_category()),
                     what + ": choose a directory that this user may write to");
    return {};
}

}  // namespace rtai
