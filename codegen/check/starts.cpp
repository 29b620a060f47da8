#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "check/checks.hpp"

namespace rtai::codegen {

namespace {

namespace fs = std::filesystem;

const value::member* member_of(const value& map, std::string_view name) {
    for (const auto& m : map.members)
        if (m.name == name) return &m;
    return nullptr;
}

/// A text that has no variables: what a program will really find there.
bool is_literal(const value* v) { return v != nullptr && v->is_scalar() && !has_variables(v->text); }

/// Whether all that is written has a meaning: an option with a misspelled name is not missing, too.
bool all_known(const schema& type, const value& v) {
    return std::all_of(v.members.begin(), v.members.end(),
                       [&](const value::member& m) { return type.find(m.name) != nullptr; });
}

bool is_ip_address(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> room{};
    // An address of a link has the link behind it: fe80::1%eth0.
    return ::inet_pton(AF_INET, text.c_str(), room.data()) == 1 ||
           ::inet_pton(AF_INET6, text.substr(0, text.find('%')).c_str(), room.data()) == 1;
}

class start_checker {
public:
    explicit start_checker(checking& c) : c_(c), found_(c.found) {}

    void check() {
        for (const auto& s : c_.of.services) {
            if (s->what == nullptr) continue;
            if (!s->what->is_built) {
                not_built(*s);
                continue;
            }
            const auto* listen = s->options.find("listen");
            if (s->kind.text == "gateway") gateway(*s);
            if (s->kind.text == "lines" && listen != nullptr) address(*listen);
            files(s->what->options, s->options);
        }
        if (const auto* metrics = c_.of.observe ? c_.of.observe->find("metrics") : nullptr) address(*metrics);
    }

private:
    void not_built(const service& s) {
        std::vector<std::string> built;
        for (const auto& c : c_.catalogue.services())
            if (c.is_built) built.push_back(in_quotes(c.name));
        found_.error(
            s.kind.at,
            "this version of rtai can not build a service of kind " + in_quotes(s.kind.text) + " yet",
            "it can build " + rtai::detail::joined(built));
    }

    // --- A gateway ---------------------------------------------------------------------------------------

    void gateway(const service& s) {
        if (const auto* relay = member_of(s.options, "relay"))
            found_.error(relay->name_at, "a gateway can not hand its conversations to a relay yet",
                         "take 'relay' out, and " + in_quotes(s.name.text) + " runs its pipeline itself");
        const auto* auth = s.options.find("auth");
        if (const auto* jwt = auth != nullptr ? member_of(*auth, "jwt") : nullptr)
            keys(*s.what->options.find("auth")->find("jwt"), *jwt);
        if (const auto* listen = member_of(s.options, "listen"))
            listeners(s, *s.what->options.find("listen"), *listen);
    }

    void listeners(const service& s, const schema& type, const value::member& listen) {
        const auto& all = listen.held;
        if (!all.is_map() && !all.is_nothing()) return;
        const auto* http = all.find("http");
        const auto* websocket = member_of(all, "websocket");
        const auto* webrtc = member_of(all, "webrtc");
        if (webrtc != nullptr)
            found_.error(webrtc->name_at, "a gateway can not listen to WebRTC yet",
                         "take 'webrtc' out: browsers talk over 'http' and 'websocket'");
        if (http != nullptr) {
            address(*http);
            origins(*http);
            if (websocket != nullptr) path(*http, websocket->held);
        } else if (websocket != nullptr && all_known(type, all)) {
            found_.error(websocket->name_at, "'websocket' is a path of the HTTP server, and there is none",
                         "add 'http: {}' beside it");
        } else if (all.find("grpc") == nullptr && webrtc == nullptr && all_known(type, all)) {
            found_.error(listen.name_at, in_quotes(s.name.text) + " listens to nothing",
                         "add 'http: {}' under 'listen:', with 'websocket: {}' for browsers, or 'grpc: {}'");
        }
    }

    /// Where WebSocket is on the HTTP server.
    void path(const value& http, const value& websocket) {
        const auto* p = websocket.find("path");
        if (!is_literal(p)) return;
        const auto* page = http.find("page");
        static constexpr std::string_view own[] = {"/health",     "/ready",       "/metrics",
                                                   "/api/status", "/api/session", "/operator"};
        if (!p->text.starts_with('/') || p->text.find_first_of("{}?#") != std::string::npos)
            found_.error(p->at, quoted_text(p->text) + " is no path of an HTTP server",
                         "it begins with '/' and has none of {}?#, for instance /ws");
        else if (std::find(std::begin(own), std::end(own), p->text) != std::end(own) ||
                 (p->text == "/" && (page == nullptr || page->text == "true")))
            found_.error(p->at, "a gateway has something else at " + quoted_text(p->text),
                         "write another path, for instance /ws");
    }

    void origins(const value& http) {
        const auto* all = http.find("origins");
        if (all == nullptr) return;
        for (const auto& o : all->items)
            if (is_literal(&o) && o.text != "*" &&
                (o.text.find("://") == std::string::npos || o.text.ends_with('/')))
                found_.error(o.at, quoted_text(o.text) + " is no origin of pages",
                             "one is like https://example.com, without anything behind it; *: all");
    }

    void keys(const schema& type, const value::member& jwt) {
        const auto& v = jwt.held;
        if ((!v.is_map() && !v.is_nothing()) || !all_known(type, v)) return;
        const auto* algorithm = v.find("algorithm");
        if (algorithm != nullptr && !is_literal(algorithm)) return;
        const std::string name = algorithm != nullptr ? algorithm->text : "HS256";
        const auto* key = member_of(v, "key");
        const auto* file = member_of(v, "keys");
        const auto is_empty = [](const value::member* m) {
            return m == nullptr || (m->held.is_scalar() && m->held.text.empty());
        };
        // A variable with an empty default may well be empty.
        const auto may_be_empty = [](const value::member* m) {
            return m->held.text.find(":-}") != std::string::npos;
        };
        if (is_empty(key) && is_empty(file))
            found_.error(jwt.name_at, "'jwt' has no key to verify tokens with",
                         name == "HS256"
                             ? "add 'key: \"${JWT_KEY}\"', a secret of 32 bytes or more, or 'keys:' "
                               "with a JWKS file"
                             : "add 'keys:' with a JWKS file that has keys of " + name);
        else if (!is_empty(key) && name != "HS256" && !may_be_empty(key))
            found_.error(key->name_at, "'key' is for HS256, and the algorithm is " + name,
                         name + " takes the JWKS file of 'keys:'");
        else if (!is_empty(key) && !is_empty(file) && !may_be_empty(key) && !may_be_empty(file))
            found_.error(file->name_at, "'jwt' has both 'key' and 'keys'", "leave one of them out");
    }

    // --- Of all services ---------------------------------------------------------------------------------

    void address(const value& listener) {
        const auto* a = listener.find("address");
        if (is_literal(a) && !is_ip_address(a->text))
            found_.error(
                a->at, quoted_text(a->text) + " is no IP address",
                "127.0.0.1 is for this machine only, 0.0.0.0 for everyone; ::1 and :: are those of IPv6");
    }

    /// A file may well come when the program is installed, so that it is not there is only worth a warning.
    void files(const schema& type, const value& v) {
        for (const auto& f : type.fields) {
            const auto* given = v.find(f.name);
            if (given == nullptr) continue;
            if (f.type == schema::kind::object) files(f, *given);
            if (f.type != schema::kind::path || !is_literal(given) || given->text.empty()) continue;
            // A relative path is meant from where the spec is, which is where 'rtai run' starts the program.
            const auto path = fs::path(c_.of.file ? c_.of.file->name : "").parent_path() / given->text;
            std::error_code failed;
            const bool directory = fs::is_directory(path, failed);
            if (!directory && fs::exists(path, failed)) continue;
            found_.warn(
                given->at,
                directory ? quoted_text(given->text) + " is a directory"
                          : "there is no file " + quoted_text(given->text),
                "the program reads it when it starts" +
                    std::string(fs::path(given->text).is_absolute()
                                    ? ""
                                    : ", from where it is started; 'rtai run' starts it beside the spec"));
        }
    }

    checking& c_;
    problems& found_;
};

}  // namespace

void check_starts(checking& c) { start_checker(c).check(); }

}  // namespace rtai::codegen
