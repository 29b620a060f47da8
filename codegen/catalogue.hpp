#pragma once

#include <memory>
#include <rtai/data/problem.hpp>
#include <rtai/graph/catalogue.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "spec.hpp"

namespace rtai::codegen {

/// How the tool finds out about elements that are not its own: it compiles a small program that includes
/// their header and prints what is in it.
struct probe_options {
    std::string compiler;               ///< empty: what is found
    std::vector<std::string> includes;  ///< directories
    std::vector<std::string> flags;
    std::string cache;  ///< empty: in the user's cache directory
};

/// The elements and services that specs can name.
class known {
public:
    explicit known(probe_options options = {});

    /// Elements of rtai.
    const std::vector<card>& elements() const noexcept { return elements_; }
    const std::vector<card>& services() const noexcept { return services_; }

    const card* find(std::string_view name) const noexcept;
    const card* find_service(std::string_view kind) const noexcept;

    /// Another spec is checked: what is wrong with a header is told once for each.
    void begin() noexcept;

    /// What `use` means, or null, with the problem told.
    const card* of(const use& u, problems& found);

    /// The usual policy and capacity of a stream, as some port that carries it says.
    std::string policy_of(const std::string& type) const;
    std::size_t capacity_of(const std::string& type) const;

    /// The one to use: as asked for, $CXX, or what is there; empty for none.
    std::string compiler() const;

private:
    struct header {
        std::string path;
        std::vector<card> cards;
        std::string failed;  ///< why nothing is known of it
        bool told = false;
    };
    header& in(const std::string& path);
    static void tell(header& h, const word& from, problems& found);
    const card* of_function(const use& u, problems& found);
    std::unique_ptr<header> probed_function(const card& own, const std::string& function,
                                            const std::string& path, const std::string& key) const;
    const card* of_header(const use& u, problems& found);
    const card* of_catalogue(const use& u, problems& found) const;
    std::vector<card> run_probe(const std::string& header, const std::string& extra, const std::string& what,
                                std::string& failed) const;

    probe_options options_;
    std::vector<card> elements_;
    std::vector<card> services_;
    std::vector<std::unique_ptr<header>> headers_;
    std::vector<std::unique_ptr<header>> functions_;
};

/// The header as the compiler finds it, of a `from:` or `function` of a spec: beside the spec that says it.
std::string header_path(const word& from);

/// Where rtai's headers are.
std::string include_directory();
/// And its libraries.
std::string library_directory();
/// Flags for the compiler, as words.
std::vector<std::string> flags_of_libraries(std::string_view all);

/// What rtai itself has.
std::vector<card> built_in_cards();

/// What the cards of `built_in_cards` say of a stream that no port of theirs carries, too.
std::vector<port_card> built_in_streams();

/// "stores:" and "observe:" of a spec.
schema store_schema();
schema observe_schema();

}  // namespace rtai::codegen
