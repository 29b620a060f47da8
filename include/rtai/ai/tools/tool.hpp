#pragma once

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <map>
#include <rtai/ai/llm/model.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/data/json.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/units.hpp>
#include <rtai/data/utf8.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

namespace rtai::llm {

/// How a tool is called, beyond what it does.
struct tool_options {
    std::string name = {};  ///< for the model; empty: the function's
    duration timeout = std::chrono::seconds(10);
    bool survives_interruption = false;   ///< goes on when the person interrupts: an order, say
    std::size_t most_result = 16 * 1024;  ///< bytes of what the model is told
};

/// A coroutine that a model may call.
struct tool {
    tool_card card;
    tool_options options;
    std::string function;  ///< as C++ writes it, for messages
    std::function<task<std::string>(std::string)> run;
};

namespace detail {

/// What the model is told of something that went wrong.
inline std::string told_error(std::string_view what) {
    json::object o;
    o["error"] = what;
    return json::serialize(o);
}

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

/// What the model is told of a value: a text as it is, everything else as JSON.
template <class T>
std::string told_value(T&& v) {
    using V = std::remove_cvref_t<T>;
    if constexpr (is_result<V>) {
        if (!v) return told_error(v.error().message());
        if constexpr (std::is_void_v<typename V::value_type>) return "done";
        else return told_value(*std::forward<T>(v));
    } else if constexpr (std::is_same_v<V, std::string>) {
        return std::forward<T>(v);
    } else {
        return json::serialize(to_json(v));
    }
}

template <auto F, class R>
task<std::string> finish(task<R> work) {
    if constexpr (std::is_void_v<R>) {
        co_await std::move(work);
        co_return std::string("done");
    } else {
        auto value = co_await std::move(work);
        co_return told_value(std::move(value));
    }
}

template <auto F, class R, class... A>
struct tool_signature {
    static_assert(sizeof...(A) <= 1, "a tool takes one described struct, or nothing");

    static json::object parameters() {
        if constexpr (sizeof...(A) == 0) {
            json::object none;
            none["type"] = "object";
            none["properties"] = json::object();
            return none;
        } else {
            return (json_schema_of<std::remove_cvref_t<A>>(), ...);
        }
    }

    static task<std::string> run(std::string arguments) {
        if (arguments.empty()) arguments = "{}";
        if constexpr (sizeof...(A) == 0) {
            co_return co_await finish<F>(F());
        } else {
            auto given = (read_json<std::remove_cvref_t<A>>(arguments, unknown_members::refused), ...);
            if (!given) co_return told_error(given.error().text);
            co_return co_await finish<F>(F(std::move(*given)));
        }
    }
};

template <auto F, class R, class... A>
tool_signature<F, R, A...> signature_of(task<R> (*)(A...));

/// For RTAI_TOOL: one for each function, however many files see it.
template <auto F>
inline const bool is_tool = false;

/// "weather::forecast" -> "forecast".
inline std::string last_name(std::string_view function) {
    const auto colon = function.rfind(':');
    return std::string(colon == std::string_view::npos ? function : function.substr(colon + 1));
}

/// At most so many bytes, no character cut in two, with a word about the rest.
inline std::string limited(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    const auto all = text.size();
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
    return text + "... (the first " + std::to_string(end) + " of " + std::to_string(all) + " bytes)";
}

}  // namespace detail

template <auto F>
tool make_tool(std::string_view function, std::string_view about, tool_options o = {}) {
    using signature = decltype(detail::signature_of<F>(F));
    tool t;
    t.function = function.starts_with("::") ? function.substr(2) : function;
    if (o.name.empty()) o.name = detail::last_name(t.function);
    t.card.name = o.name;
    t.card.about = about;
    t.card.parameters = json::serialize(signature::parameters());
    t.options = std::move(o);
    t.run = &signature::run;
    return t;
}

/// Does what a model asked for. Whatever goes wrong is told to it in words, as the result.
inline task<std::string> call(const tool& t, std::string arguments) {
    std::string failed;
    try {
        auto work = t.run(std::move(arguments));
        auto done = co_await with_timeout(t.options.timeout, std::move(work));
        if (done) co_return detail::limited(std::move(*done), t.options.most_result);
        failed = "'" + t.card.name + "' did not finish within " + to_text(t.options.timeout);
    } catch (const std::exception& e) {
        failed = "'" + t.card.name + "' failed: " + e.what();
    } catch (...) {
        failed = "'" + t.card.name + "' failed";
    }
    co_return detail::limited(detail::told_error(failed), t.options.most_result);
}

/// The tools that there are in a program, by name. RTAI_TOOL adds to them before `main`.
class tool_box {
public:
    /// Two of one name are told when a model is to have tools.
    bool add(tool t) {
        const auto [there, is_new] = all_.try_emplace(t.card.name);
        if (is_new) there->second = std::move(t);
        else if (there->second.function != t.function) wrong_.push_back(clash(there->second, t));
        return is_new;
    }
    void remove(const std::string& name) { all_.erase(name); }

    const tool* find(const std::string& name) const noexcept {
        const auto found = all_.find(name);
        return found == all_.end() ? nullptr : &found->second;
    }

    /// Those with these names, or what is wrong with the names.
    result<std::vector<const tool*>> chosen(const std::vector<std::string>& names) const {
        std::vector<const tool*> some;
        for (const auto& n : names) {
            for (const auto& w : wrong_)
                if (w.name == n) return error(std::errc::invalid_argument, w.why);
            const auto* t = find(n);
            if (t == nullptr) return error(std::errc::invalid_argument, unknown(n));
            if (!is_good_name(n))
                return error(std::errc::invalid_argument,
                             "models do not take '" + n +
                                 "' as the name of a tool: use up to 64 letters, figures, '_' and '-'");
            some.push_back(t);
        }
        return some;
    }

private:
    struct trouble {
        std::string name, why;
    };

    static trouble clash(const tool& one, const tool& other) {
        return {one.card.name, "two tools are named '" + one.card.name + "', " + one.function + " and " +
                                   other.function + ": give one another name with {.name = \"...\"}"};
    }

    std::string unknown(const std::string& name) const {
        std::vector<std::string> names;
        for (const auto& [n, t] : all_) names.push_back(n);
        const auto near = nearest(name, names);
        std::string help = near.empty() ? "register it with RTAI_TOOL in a file of this program"
                                        : "did you mean '" + near + "'?";
        return "there is no tool '" + name + "': " + help;
    }

    static bool is_good_name(std::string_view n) noexcept {
        const auto is_good = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                   c == '-';
        };
        return !n.empty() && n.size() <= 64 && std::all_of(n.begin(), n.end(), is_good);
    }

    std::map<std::string, tool> all_;
    std::vector<trouble> wrong_;
};

inline tool_box& tools() {
    static tool_box all;
    return all;
}

}  // namespace rtai::llm

/// Outside of namespaces: makes a tool of a coroutine that takes a described struct and gives a text, a
/// described struct, or a `result` of one.
///
///     RTAI_TOOL(weather::forecast, "Tells the weather of a city.");
///     RTAI_TOOL(shop::order, "Orders something.", {.timeout = 30s, .survives_interruption = true});
#define RTAI_TOOL(name, about, ...)                                                                \
    template <>                                                                                    \
    [[maybe_unused]] inline const bool rtai::llm::detail::is_tool<&name> = rtai::llm::tools().add( \
        rtai::llm::make_tool<&name>(#name, about __VA_OPT__(, rtai::llm::tool_options __VA_ARGS__)))
