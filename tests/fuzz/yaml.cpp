// Bytes as a spec: read, resolve, check, print, and read what was printed.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <rtai/data/config.hpp>
#include <rtai/data/variables.hpp>
#include <rtai/data/yaml.hpp>
#include <string>
#include <vector>

namespace {

enum class level { low, middle, high };
BOOST_DESCRIBE_ENUM(level, low, middle, high)

struct inner {
    std::chrono::milliseconds after{100};
    std::optional<std::chrono::seconds> idle;
    std::vector<rtai::secret> keys;
    level how = level::low;
    RTAI_DESCRIBE(inner, after, idle, keys, how)
    static void notes(rtai::notes<inner>& about) {
        about(&inner::after, "how long", rtai::range(10, 1000));
        about(&inner::idle, "until it ends", rtai::at_least(1));
        about(&inner::how, "how much", rtai::required);
    }
};

struct everything {
    rtai::value v;
    bool b = false;
    std::uint8_t u = 0;
    std::int64_t i = 0;
    float f = 0;
    double d = 0;
    std::string t;
    rtai::secret k;
    std::filesystem::path p;
    std::chrono::milliseconds ms{};
    rtai::byte_size size;
    rtai::hertz rate;
    level how = level::low;
    rtai::pipeline_name pipeline;
    rtai::listen_port port;
    std::vector<int> list;
    std::map<std::string, rtai::secret> secrets;
    std::map<std::string, std::vector<double>> map;
    std::vector<inner> many;
    inner in;
    RTAI_DESCRIBE(everything, v, b, u, i, f, d, t, k, p, ms, size, rate, how, pipeline, port, list, secrets,
                  map, many, in)
};

std::string told(const rtai::problems& found) {
    std::string all;
    const auto list = found.sorted();
    for (std::size_t i = 0; i < std::min<std::size_t>(list.size(), 20); ++i)
        all += rtai::to_text(list[i], i % 2 == 0);
    return all;
}

bool same(const rtai::value& a, const rtai::value& b) {
    if (a.type != b.type || a.items.size() != b.items.size() || a.members.size() != b.members.size())
        return false;
    if (a.is_scalar() && a.text != b.text) return false;
    for (std::size_t i = 0; i < a.items.size(); ++i)
        if (!same(a.items[i], b.items[i])) return false;
    for (std::size_t i = 0; i < a.members.size(); ++i)
        if (a.members[i].name != b.members[i].name || !same(a.members[i].held, b.members[i].held))
            return false;
    return true;
}

void require(bool held) {
    if (!held) std::abort();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto all = rtai::schema_of<everything>();
    const std::string bytes(reinterpret_cast<const char*>(data), size);
    rtai::problems found;
    auto tree = rtai::read_yaml(std::make_shared<rtai::source>("fuzz.yaml", bytes), found);

    const auto line = rtai::yaml_line(tree);
    rtai::problems again;
    if (line.size() < rtai::yaml_limits().bytes) {
        const auto reread = rtai::read_yaml(std::make_shared<rtai::source>("again.yaml", line), again);
        require(again.ok() && same(tree, reread));
    }

    rtai::checker(found).check(all, tree, "fuzz");
    rtai::resolve_variables(tree, [](const std::string&) { return std::optional<std::string>(); }, found);
    const auto made = rtai::read<everything>(tree, "fuzz", found);
    require(told(found).empty() == found.empty());
    rtai::print_values(all, tree);
    rtai::default_text(made.ms);
    return 0;
}
