#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <rtai/core/clock.hpp>
#include <rtai/core/inherited.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/json.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/http/message.hpp>
#include <rtai/http/retry.hpp>
#include <rtai/observe/dependencies.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// What the elements that ask a server of OpenAI's kind have in common.

namespace rtai::detail {

/// "api.openai.com", of an address.
inline std::string_view host_of(std::string_view url) noexcept {
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("/?#"));
    if (const auto at = url.rfind('@'); at != std::string_view::npos) url.remove_prefix(at + 1);
    return url.substr(0, url.find(':'));
}

/// Whether `element` can ask a server there, with that key.
inline result<> check_openai_server(const std::string& element, const std::string& url, const secret& key) {
    const auto wrong = [](const std::string& why) { return error(std::errc::invalid_argument, why); };
    if (url.empty()) return wrong(element + " has no 'url': set it to the address of a server");
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        return wrong("the 'url' of " + element + " begins with http:// or https://, not as '" + url + "'");
    if (key.empty() && host_of(url) == "api.openai.com")
        return wrong(element + " has no 'key', which api.openai.com needs: set it to ${OPENAI_API_KEY}");
    return {};
}

/// What a server says is wrong, however it says it; empty if it says nothing of the kind.
inline std::string told_mistake(const json::value& v) {
    for (const auto* name : {"error", "detail", "message"}) {
        const auto* found = find(v, name);
        if (found == nullptr) continue;
        if (const auto* text = found->if_string()) return std::string(*text);
        if (found->is_object()) {
            const auto inner = rtai::text_of(*found, "message");
            return inner.empty() ? json::serialize(*found) : std::string(inner);
        }
        if (found->is_array() || found->is_bool()) return json::serialize(*found);
    }
    // Some wrap it in a list.
    if (const auto* list = v.if_array(); list != nullptr && !list->empty() && list->front().is_object())
        return told_mistake(list->front());
    return {};
}

/// The same of an answer that may be no JSON: a short text is taken as it is, a page for people is not.
inline std::string told_mistake_in(std::string_view answer) {
    const auto read = parse_json(answer);
    if (read) return told_mistake(*read);
    if (answer.find('<') != std::string_view::npos) return {};
    return std::string(answer);
}

/// Servers repeat a key that they do not know, or the ends of it with stars between.
inline std::string without_key(std::string words, const secret& key) {
    constexpr std::string_view hidden = "********";
    const auto replace = [&](std::size_t at, std::size_t length) { words.replace(at, length, hidden); };
    const auto& whole = key.reveal();
    if (!whole.empty())
        for (std::size_t at = 0; (at = words.find(whole, at)) != std::string::npos; at += hidden.size())
            replace(at, whole.size());
    for (std::size_t at = 0; (at = words.find("**", at)) != std::string::npos;) {
        const auto begin = words.find_last_of(" \t\n'\":", at) + 1;
        const auto end = std::min(words.find_first_of(" \t\n'\":", at), words.size());
        replace(begin, end - begin);
        at = begin + hidden.size();
    }
    return words;
}

/// One address of such a server, and what may be told of it.
class openai_server {
public:
    /// `path` is what belongs behind the `url` of options, which may have it already, and a query.
    openai_server(const std::string& url, std::string_view path, secret key) : key_(std::move(key)) {
        const auto end = std::min(url.find('?'), url.size());
        address_ = url.substr(0, end);
        while (address_.ends_with('/')) address_.pop_back();
        if (!address_.ends_with(path)) address_ += path;
        address_ += url.substr(end);
    }

    const std::string& address() const noexcept { return address_; }
    std::string where() const { return http::shown_url(address_); }

    http::request request(const std::filesystem::path& ca_file) const {
        http::request r(address_);
        if (!key_.empty()) r.headers.set("Authorization", "Bearer " + key_.reveal());
        r.ca_file = ca_file;
        return r;
    }

    /// Tells whoever runs this how a request to the server has ended.
    template <class T>
    task<> fared(const result<T>& r) const {
        auto* who = co_await inherited<observe::dependencies>();
        if (who != nullptr) who->fared(where(), r, now());
    }

    error hide_key(const error& e) const { return {e.code, without_key(e.text, key_)}; }
    error failure(const error& e) const { return {e.code, where() + ": " + without_key(e.text, key_)}; }

    /// For an answer that is none: with the server's own words, behind what else there is to say.
    error refusal(unsigned status, std::string_view answer, const std::string& more = {}) const {
        // Hidden before it is cut: half a key is one, too.
        auto words = without_key(told_mistake_in(answer.substr(0, most_refusal)), key_);
        while (!words.empty() && (words.back() == '\n' || words.back() == '\r' || words.back() == ' '))
            words.pop_back();
        words = printable(first_characters(words, 500));
        return {meaning_of(status),
                where() + ": status " + std::to_string(status) + more + (words.empty() ? "" : ": " + words)};
    }
    /// So much of it is read.
    static constexpr std::size_t most_refusal = 16 * 1024;

    /// Waiting does not fill an account.
    static bool worth_retrying(unsigned status, std::string_view answer) noexcept {
        return http::worth_retrying(status) &&
               answer.substr(0, most_refusal).find("insufficient_quota") == std::string_view::npos;
    }

private:
    static std::errc meaning_of(unsigned status) noexcept {
        if (status == 401 || status == 403) return std::errc::permission_denied;
        if (status == 408 || status == 504) return std::errc::timed_out;
        if (status == 429) return std::errc::resource_unavailable_try_again;
        return status >= 400 && status < 500 ? std::errc::invalid_argument : std::errc::io_error;
    }

    std::string address_;
    secret key_;
};

}  // namespace rtai::detail
