#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <rtai/observe/process_metrics.hpp>
#include <string>
#include <unistd.h>

using namespace rtai::observe;

namespace {

double value_of(const metric_registry& r, const std::string& name) {
    const auto text = r.text();
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

}  // namespace

TEST_CASE("a process knows its memory, descriptors, threads and time", "[metrics]") {
    metric_registry r;
    add_process_metrics(r);
    REQUIRE(value_of(r, "process_resident_memory_bytes") > 100'000);
    REQUIRE(value_of(r, "process_threads") >= 1);
    REQUIRE(value_of(r, "process_cpu_used_seconds") > 0);
    REQUIRE(value_of(r, "process_start_time_seconds") > 1.6e9);
    REQUIRE(value_of(r, "process_max_fds") > 10);
    const auto before = value_of(r, "process_open_fds");
    const int one = ::open("/dev/null", O_RDONLY);
    REQUIRE(value_of(r, "process_open_fds") == before + 1);
    ::close(one);
    REQUIRE(value_of(r, "process_open_fds") == before);
}
