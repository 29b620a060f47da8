#include "peers.hpp"

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace bench {
namespace {

const std::filesystem::path scripts = BENCH_WEBSOCKET_PEERS;

bool works(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

/// Where the tests have their packages of npm, and so does this.
bool npm_ws() {
    return works("timeout 60 /usr/bin/python3 '" + (scripts.parent_path() / "packages.py").string() +
                 "' true");
}

/// Debian's, if there is another that comes first.
std::string python_with_websockets() {
    for (const std::string python : {"/usr/bin/python3", "python3"})
        if (works(python + " -c 'import websockets'")) return python;
    return {};
}

bool starts(const websocket_server& s) {
    try {
        (void)s.start();
        return true;
    } catch (const std::exception& e) {
        std::cerr << "bench_edge: " << s.label << " is left out: " << e.what() << '\n';
        return false;
    }
}

std::vector<websocket_server> find_them() {
    std::vector<websocket_server> all;
    all.push_back({"rtai", "rtai", role::ours, [] { return server_process::own("websocket"); }});
    auto& npm = all.emplace_back(websocket_server{"npm_ws", "npm's ws", role::peer, {}});
    if (npm_ws())
        npm.start = [script = (scripts / "echo.mjs").string()] { return server_process({"node", script}); };
    auto& python =
        all.emplace_back(websocket_server{"python_websockets", "Python's websockets", role::peer, {}});
    if (const auto name = python_with_websockets(); !name.empty())
        python.start = [name, script = (scripts / "echo.py").string()] {
            return server_process({name, script});
        };
    for (auto& server : all)
        if (server.role == role::peer && server.start && !starts(server)) server.start = nullptr;
    return all;
}

}  // namespace

const std::vector<websocket_server>& websocket_servers() {
    static const auto all = find_them();
    return all;
}

}  // namespace bench
