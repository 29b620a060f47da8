#pragma once

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <rtai/core/clock.hpp>
#include <rtai/core/result.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rtai::observe {

/// What somebody needs from outside of the program.
struct need {
    enum class kind { address, file };

    need(std::string n, std::string p, kind k) : name(std::move(n)), place(std::move(p)), what(k) {}

    std::string name;  ///< who needs it: "llm"
    std::string
        place;  ///< where it is, without anything secret: "https://api.example.com/v1", "/etc/keys.json"
    kind what;
};

/// Collects what options say of it:
///
///     void depends_on(observe::needs& on) const { on.address(shown_url(url)); }
class needs {
public:
    void address(std::string where) { add(std::move(where), need::kind::address); }
    void file(const std::filesystem::path& where) { add(where.string(), need::kind::file); }

    /// Whose options are looked at.
    std::string name;
    std::vector<need> all;

private:
    void add(std::string where, need::kind k) {
        if (!where.empty()) all.emplace_back(name, std::move(where), k);
    }
};

/// How that which a service needs has fared. Whoever uses it says so, or it is looked at when somebody asks;
/// from any thread. Those who work for the service find it with `inherited<dependencies>()`.
class dependencies {
public:
    /// What is wrong with something; empty: nothing.
    using check = std::function<std::string(time_point now)>;

    struct state {
        state(need n, check c) : of(std::move(n)), look(std::move(c)) {}
        need of;
        check look;
        std::optional<bool> ok;  ///< nothing: it was not asked yet
        std::string failure;     ///< the last one
        time_point failed_at{};  ///< or since when it is so, for what is looked at
    };

    /// Without a check, a file is good when it can be read.
    void add(need n, check look = {}) {
        if (!look && n.what == need::kind::file)
            look = [path = n.place](time_point) { return unreadable(path); };
        const std::lock_guard lock(mutex_);
        all_.emplace_back(std::move(n), std::move(look));
    }

    /// What nobody has added is nobody's concern.
    void good(std::string_view place) {
        note(place, [](state& s) { s.ok = true; });
    }
    void failed(std::string_view place, std::string_view words, time_point now) {
        note(place, [&](state& s) {
            s.ok = false;
            s.failure = words;
            s.failed_at = now;
        });
    }
    /// Whoever stops listening learns nothing of the other side.
    template <class T>
    void fared(std::string_view place, const result<T>& r, time_point now) {
        if (r.ok()) good(place);
        else if (r.error().code != std::errc::operation_canceled) failed(place, r.error().message(), now);
    }

    std::vector<state> look(time_point now) {
        const std::lock_guard lock(mutex_);
        for (auto& s : all_) {
            if (!s.look) continue;
            auto wrong = s.look(now);
            if (!wrong.empty() && s.ok.value_or(true)) s.failed_at = now;
            s.ok = wrong.empty();
            s.failure = std::move(wrong);
        }
        return all_;
    }

private:
    template <class F>
    void note(std::string_view place, F f) {
        const std::lock_guard lock(mutex_);
        for (auto& s : all_)
            if (s.of.place == place) f(s);
    }

    static std::string unreadable(const std::string& path) {
        if (::access(path.c_str(), R_OK) == 0) return {};
        return "can not be read: " + std::system_category().message(errno);
    }

    std::mutex mutex_;
    std::vector<state> all_;
};

}  // namespace rtai::observe
