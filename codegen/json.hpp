#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands.hpp"

namespace rtai::codegen {

/// A JSON value to be printed, with its members in the order they were given.
class json {
public:
    static json object() { return json(kind::object); }
    static json list() { return json(kind::list); }
    static json raw(std::string text) {
        json j(kind::leaf);
        j.text_ = std::move(text);
        return j;
    }
    static json text(std::string_view t) { return raw(json_text(t)); }
    static json flag(bool b) { return raw(b ? "true" : "false"); }
    static json number(double v) { return raw(rtai::to_text(v)); }
    template <class List>
    static json texts(const List& all) {
        auto j = list();
        for (const auto& t : all) j.add(text(t));
        return j;
    }

    json& set(std::string_view name, json held) & {
        members_.emplace_back(name, std::move(held));
        return *this;
    }
    json&& set(std::string_view name, json held) && { return std::move(set(name, std::move(held))); }
    json& add(json item) & { return set("", std::move(item)); }
    json&& add(json item) && { return std::move(set("", std::move(item))); }
    bool empty() const noexcept { return members_.empty(); }

    /// What is short stands on one line.
    std::string print(std::size_t indent = 0) const {
        if (type_ == kind::leaf) return text_;
        constexpr std::size_t widest = 100;
        auto on_one_line = line();
        if (on_one_line.size() + indent <= widest) return on_one_line;
        const std::string margin(indent + 2, ' ');
        std::string out = type_ == kind::list ? "[" : "{";
        for (const auto& [name, held] : members_) {
            out += out.size() == 1 ? "\n" : ",\n";
            out += margin + (type_ == kind::list ? "" : json_text(name) + ": ") + held.print(indent + 2);
        }
        return out + "\n" + std::string(indent, ' ') + (type_ == kind::list ? "]" : "}");
    }

private:
    enum class kind { leaf, list, object };
    explicit json(kind k) : type_(k) {}

    std::string line() const {
        if (type_ == kind::leaf) return text_;
        std::string out;
        for (const auto& [name, held] : members_)
            out +=
                (out.empty() ? "" : ", ") + (type_ == kind::list ? "" : json_text(name) + ": ") + held.line();
        return type_ == kind::list ? "[" + out + "]" : "{" + out + "}";
    }

    kind type_;
    std::string text_;
    std::vector<std::pair<std::string, json>> members_;
};

}  // namespace rtai::codegen
