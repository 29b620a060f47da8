#include "party.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <unistd.h>

#include "../support/measures.hpp"
#include "guests.hpp"

namespace bench {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

/// In one process there are at most so many clients: a thread that has more to do than it can would measure
/// itself.
constexpr std::size_t guests_in_process = 125;

/// Seconds that the machine's processors have been idle, together.
double idle_seconds() {
    std::ifstream stat("/proc/stat");
    std::string cpu;
    double user = 0, nice = 0, system = 0, idle = 0;
    stat >> cpu >> user >> nice >> system >> idle;
    return idle / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::vector<float> read_times(child& from) {
    std::uint64_t count = 0;
    from.read(&count, sizeof count);
    std::vector<float> times(count);
    from.read(times.data(), count * sizeof(float));
    return times;
}

}  // namespace

party_figures hold_party(carrier over, const server_process& server, std::size_t guests,
                         std::chrono::milliseconds how_long, const std::string& watched) {
    const auto port = over == carrier::grpc ? server.second_port : server.port;
    std::vector<child> groups;
    for (std::size_t first = 0; first < guests; first += guests_in_process) {
        const auto count = std::min(guests_in_process, guests - first);
        std::ostringstream role;
        role << "guests " << static_cast<int>(over) << ' ' << port << ' ' << first << ' ' << count << ' '
             << guests << ' ' << how_long.count() << ' ' << (first == 0 ? watched : std::string());
        groups.push_back(child::own(role.str()));
    }
    for (auto& g : groups)
        if (const auto said = g.line(); said != all_there)
            throw std::runtime_error(said.empty() ? "clients did not come" : said);
    const auto cpu_of_clients = [&] {
        double all = 0;
        for (const auto& g : groups) all += g.cpu();
        return all;
    };

    const auto begin = clock::now() + 50ms;
    for (auto& g : groups) g.say(std::to_string(begin.time_since_epoch().count()));
    std::this_thread::sleep_until(begin);
    server.part().forget();
    const double server_before = server.cpu(), clients_before = cpu_of_clients(), idle = idle_seconds();
    const auto from = clock::now();
    std::this_thread::sleep_until(begin + how_long + last_wait / 2);
    const double used = server.cpu() - server_before, by_clients = cpu_of_clients() - clients_before,
                 idle_for = idle_seconds() - idle;
    const double us = std::chrono::duration<double, std::micro>(clock::now() - from).count();

    party_figures f;
    std::vector<double> late;
    for (auto& g : groups) {
        const auto trips = read_times(g), after = read_times(g);
        f.trips.insert(f.trips.end(), trips.begin(), trips.end());
        late.insert(late.end(), after.begin(), after.end());
    }
    const auto due = guests * static_cast<std::size_t>(how_long / frame_time);
    f.came_back = static_cast<double>(f.trips.size()) / static_cast<double>(due);
    f.late = share_of(late, 0.99);
    f.cpu_of_frame = used / static_cast<double>(std::max<std::size_t>(f.trips.size(), 1));
    f.cpu_of_session = used / static_cast<double>(guests) / us * 1e6;
    f.server_processors = used / us;
    f.client_processors = by_clients / us;
    f.idle_processors = idle_for * 1e6 / us;
    f.own_p50 = server.part().share_of(0.5);
    f.own_p99 = server.part().share_of(0.99);
    return f;
}

}  // namespace bench
