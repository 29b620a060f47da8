#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rtai/core/task.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/server.hpp>
#include <rtai/http/syntax.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::http {

/// Gives each request to the handler of its method and path. It is a handler itself.
///
///     router routes;
///     routes.on("GET", "/sessions/{id}", show);      // x.parameter("id")
///     routes.on("GET", "/files/{path...}", files);   // whatever follows
///
/// A literal part goes before a parameter, and that before "...". HEAD goes where GET does.
class router {
public:
    router& on(std::string method, std::string pattern, handler h) {
        route r;
        r.parts = parts_of(pattern);
        r.method = std::move(method);
        r.pattern = std::move(pattern);
        r.handle = std::move(h);
        if (!is_token(r.method)) throw std::invalid_argument("a route has the method '" + r.method + "'");
        for (const auto& other : routes_)
            if (other.method == r.method && same_place(other, r))
                throw std::invalid_argument("the routes '" + other.pattern + "' and '" + r.pattern + "' of " +
                                            r.method + " are the same");
        const auto place = std::ranges::upper_bound(routes_, kinds(r), {}, &router::kinds);
        routes_.insert(place, std::move(r));
        return *this;
    }

    task<> operator()(exchange& x) const {
        const auto place = segments_of(x.path());
        if (!place) {
            (void)co_await x.refuse(400, "the path can not be read");
            co_return;
        }
        const route* chosen = nullptr;
        std::string allowed;
        for (const auto& r : routes_) {
            if (!matches(r, *place)) continue;
            const bool exact = r.method == x.method();
            if (exact || (chosen == nullptr && r.method == "GET" && x.method() == "HEAD")) chosen = &r;
            if (exact) break;
            add_method(allowed, r.method);
        }
        if (chosen != nullptr) {
            x.set_parameters(parameters(*chosen, *place, x.path()));
            co_await chosen->handle(x);
        } else if (allowed.empty()) {
            (void)co_await x.refuse(404, "there is nothing here");
        } else {
            add_method(allowed, "OPTIONS");
            const bool asked = x.method() == "OPTIONS";
            x.headers().add("Allow", allowed);
            response r;
            r.status = 204;
            if (!asked) r = make_refusal(405, "this goes with " + allowed);
            (void)co_await x.answer(std::move(r));
        }
    }

private:
    enum class kind : std::uint8_t { literal, parameter, rest };
    struct part {
        part(kind k, std::string t) : what(k), text(std::move(t)) {}
        kind what;
        std::string text;
    };
    struct route {
        std::string method, pattern;
        std::vector<part> parts;
        handler handle;
    };

    static std::vector<kind> kinds(const route& r) {
        std::vector<kind> all;
        for (const auto& p : r.parts) all.push_back(p.what);
        return all;
    }

    static bool same_place(const route& a, const route& b) {
        return std::ranges::equal(a.parts, b.parts, [](const part& x, const part& y) {
            return x.what == y.what && (x.what != kind::literal || x.text == y.text);
        });
    }

    static std::vector<part> parts_of(std::string_view pattern) {
        const auto wrong = [&](const char* why) {
            throw std::invalid_argument("the route '" + std::string(pattern) + "' " + why);
        };
        if (!pattern.starts_with('/')) wrong("does not begin with '/'");
        std::vector<part> all;
        for (auto left = pattern.substr(1);;) {
            const auto slash = left.find('/');
            const auto text = left.substr(0, slash);
            if (!text.starts_with('{')) {
                if (text.find_first_of("{}?#") != std::string_view::npos)
                    wrong("has a part that is neither a word nor a '{name}'");
                all.emplace_back(kind::literal, std::string(text));
            } else {
                if (!text.ends_with('}') || text.size() < 3)
                    wrong("has a '{' that is not closed, or no name in it");
                auto name = text.substr(1, text.size() - 2);
                const bool rest = name.ends_with("...");
                if (rest) name.remove_suffix(3);
                if (name.empty() || name.find_first_of("{}.") != std::string_view::npos)
                    wrong("has a parameter without a name");
                if (rest && slash != std::string_view::npos) wrong("goes on after '...'");
                all.emplace_back(rest ? kind::rest : kind::parameter, std::string(name));
            }
            if (slash == std::string_view::npos) return all;
            left.remove_prefix(slash + 1);
        }
    }

    static std::optional<std::vector<std::string>> segments_of(std::string_view path) {
        std::vector<std::string> all;
        if (!path.starts_with('/')) return all;  // the '*' of OPTIONS
        for (auto left = path.substr(1);;) {
            const auto slash = left.find('/');
            auto plain = decode_percent(left.substr(0, slash));
            if (!plain) return std::nullopt;
            all.push_back(std::move(*plain));
            if (slash == std::string_view::npos) return all;
            left.remove_prefix(slash + 1);
        }
    }

    static bool matches(const route& r, const std::vector<std::string>& place) {
        const bool open = r.parts.back().what == kind::rest;
        if (open ? place.size() < r.parts.size() : place.size() != r.parts.size()) return false;
        for (std::size_t i = 0; i < r.parts.size(); ++i) {
            const auto& p = r.parts[i];
            if (p.what == kind::literal && p.text != place[i]) return false;
            if (p.what == kind::parameter && place[i].empty()) return false;
        }
        return true;
    }

    /// A rest stays encoded, since its slashes would not be told from those that were hidden.
    static std::vector<std::pair<std::string, std::string>> parameters(const route& r,
                                                                       const std::vector<std::string>& place,
                                                                       std::string_view path) {
        std::vector<std::pair<std::string, std::string>> all;
        for (std::size_t i = 0; i < r.parts.size(); ++i) {
            path.remove_prefix(1);
            if (r.parts[i].what == kind::parameter) all.emplace_back(r.parts[i].text, place[i]);
            if (r.parts[i].what == kind::rest) all.emplace_back(r.parts[i].text, std::string(path));
            path.remove_prefix(std::min(path.find('/'), path.size()));
        }
        return all;
    }

    static void add_method(std::string& list, const std::string& method) {
        const auto add = [&](const std::string& m) {
            if ((", " + list + ",").find(", " + m + ",") == std::string::npos)
                list += (list.empty() ? "" : ", ") + m;
        };
        add(method);
        if (method == "GET") add("HEAD");
    }

    std::vector<route> routes_;
};

}  // namespace rtai::http
