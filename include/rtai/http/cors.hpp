#pragma once

#include <algorithm>
#include <chrono>
#include <rtai/core/task.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/http/exchange.hpp>
#include <rtai/http/server.hpp>
#include <rtai/http/syntax.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::http {

struct cors_options {
    std::vector<std::string> origins;
    std::vector<std::string> methods{"GET", "HEAD", "POST"};
    std::vector<std::string> headers{"Content-Type", "Authorization"};
    std::vector<std::string> exposed;
    bool credentials = false;
    std::chrono::seconds max_age{600};
    RTAI_DESCRIBE(cors_options, origins, methods, headers, exposed, credentials, max_age)
    static void notes(rtai::notes<cors_options>& about) {
        about(&cors_options::origins,
              "whose pages may ask: 'https://example.com', or '*' for all; none: only the server's own");
        about(&cors_options::methods, "which methods they may use");
        about(&cors_options::headers, "which headers they may send");
        about(&cors_options::exposed, "which headers of an answer they may read");
        about(&cors_options::credentials, "whether cookies and certificates go along; not with '*'");
        about(&cors_options::max_age, "how long a browser may remember this");
    }
};

/// Lets pages of other origins ask, which browsers forbid otherwise. A handler around another.
class cors {
public:
    cors(cors_options o, handler next) : options_(std::move(o)), next_(std::move(next)) {
        all_ = std::ranges::find(options_.origins, "*") != options_.origins.end();
        if (all_ && options_.credentials)
            throw std::invalid_argument(
                "cors: credentials for the pages of all origins would let any page act for its visitor: name "
                "the "
                "origins");
        for (const auto& o2 : options_.origins)
            if (o2 != "*" && (o2.find("://") == std::string::npos || o2.ends_with('/')))
                throw std::invalid_argument(
                    "cors: '" + o2 + "' is no origin; one is like 'https://example.com', without a path");
        for (const auto* words : {&options_.methods, &options_.headers, &options_.exposed})
            for (const auto& w : *words)
                if (!is_token(w))
                    throw std::invalid_argument("cors: '" + w + "' is no name of a method or header");
    }

    task<> operator()(exchange& x) const {
        const auto origin = x.head().header("Origin");
        if (!all_) x.headers().add("Vary", "Origin");
        const bool allowed = origin && allows(*origin);
        if (allowed) {
            x.headers().add("Access-Control-Allow-Origin", all_ ? "*" : std::string(*origin));
            if (options_.credentials) x.headers().add("Access-Control-Allow-Credentials", "true");
            if (!options_.exposed.empty())
                x.headers().add("Access-Control-Expose-Headers", joined(options_.exposed));
        }
        const bool preflight =
            x.method() == "OPTIONS" && origin && x.head().header("Access-Control-Request-Method");
        if (preflight && !allowed) {
            (void)co_await x.refuse(403, "pages of this origin may not ask here");
        } else if (preflight) {
            x.headers().add("Access-Control-Allow-Methods", joined(options_.methods));
            x.headers().add("Access-Control-Allow-Headers", joined(options_.headers));
            x.headers().add("Access-Control-Max-Age", std::to_string(options_.max_age.count()));
            (void)co_await x.answer(make_response(204));
        } else {
            co_await next_(x);
        }
    }

    bool allows(std::string_view origin) const {
        return all_ ||
               std::ranges::any_of(options_.origins, [&](const auto& o) { return same_name(o, origin); });
    }

private:
    static std::string joined(const std::vector<std::string>& words) {
        std::string all;
        for (const auto& w : words) all += (all.empty() ? "" : ", ") + w;
        return all;
    }

    cors_options options_;
    handler next_;
    bool all_ = false;
};

}  // namespace rtai::http
