#pragma once

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <rtai/ai/detail/phrase.hpp>
#include <rtai/ai/tools/tool.hpp>
#include <rtai/core/result.hpp>
#include <rtai/data/config.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/json.hpp>
#include <rtai/data/problem.hpp>
#include <rtai/data/value.hpp>
#include <rtai/data/yaml.hpp>
#include <rtai/media/file.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rtai::llm {

/// A script for `llm.demo`, as it is written:
///
///     rules:
///       - when: [weather in *, how is it in *]
///         call: { tool: forecast, arguments: { city: "{1}" } }
///         answer: "In {1} it is {result.sky}."
///       - { when: hello, answer: [Hello!, Hello again.] }
///     otherwise: "You said: {said}"
///
/// `{1}` is what the first star stands for, `{said}` all that was said, `{last}` what was said before that.
struct script_text {
    struct call_text {
        std::string tool;
        value arguments;
        RTAI_DESCRIBE(call_text, tool, arguments)

        static void notes(rtai::notes<call_text>& about) {
            about(&call_text::tool, "the tool's name", required);
            about(&call_text::arguments, "a map of what it takes");
        }
    };
    struct rule_text {
        value when;
        value answer;
        std::optional<call_text> call;
        RTAI_DESCRIBE(rule_text, when, answer, call)

        static void notes(rtai::notes<rule_text>& about) {
            about(&rule_text::when, "words to listen for, or a list of them", required);
            about(&rule_text::answer, "what to say, or a list to say in turns", required);
            about(&rule_text::call, "a tool to call first");
        }
    };
    std::vector<rule_text> rules;
    value otherwise;
    RTAI_DESCRIBE(script_text, rules, otherwise)

    static void notes(rtai::notes<script_text>& about) {
        about(&script_text::rules, "the first that fits answers");
        about(&script_text::otherwise, "what to say when no rule fits");
    }
};

/// A script, ready to be asked.
class script {
public:
    /// Echoes.
    script() : otherwise_{"You said: {said}"} {}

    /// What is wrong is told in `found`, with its place.
    static script from(const value& tree, problems& found) {
        script made;
        const auto written = read<script_text>(tree, "script", found);
        if (!found.ok()) return made;
        for (const auto& r : written.rules) made.add(r, found);
        if (!written.otherwise.is_nothing())
            made.otherwise_ = made.texts(written.otherwise, "otherwise", found);
        for (const auto& t : made.otherwise_) made.check_holes(written.otherwise, t, 0, false, found);
        return made;
    }

    static result<script> load(const std::filesystem::path& path) {
        if (auto may = readable(path); !may) return may.error();
        std::ifstream file(path, std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(file), {}};
        problems found;
        const value tree = read_yaml(std::make_shared<source>(path.string(), std::move(text)), found);
        script made;
        if (found.ok()) made = from(tree, found);
        if (found.ok()) return made;
        std::string all = "the script can not be used:\n";
        for (const auto& p : found.sorted()) all += to_text(p);
        all.pop_back();
        return error(std::errc::invalid_argument, all);
    }

    /// The tools that it calls.
    std::vector<std::string> tools() const {
        std::vector<std::string> names;
        for (const auto& r : rules_)
            if (r.call) names.push_back(r.call->tool);
        return names;
    }

    /// What there is to say or to do. `result` is what a tool gave that was called for the same question.
    struct response {
        std::string words;
        std::optional<tool_call> call;
    };
    response respond(const std::string& said, const std::string& last,
                     const std::optional<std::string>& result) {
        holes h(said, last);
        h.result = result;
        const auto words = rtai::detail::words_in(said);
        for (auto& r : rules_)
            for (const auto& w : r.when) {
                auto stars = w.find(said, words);
                if (!stars) continue;
                h.stars = std::move(*stars);
                response to;
                if (r.call && !result) to.call = call_for(*r.call, h);
                else to.words = fill(in_turn(r.answers, r.next), h);
                return to;
            }
        response to;
        to.words = fill(in_turn(otherwise_, next_), h);
        return to;
    }

private:
    struct rule {
        std::vector<rtai::detail::phrase> when;
        std::vector<std::string> answers;
        std::size_t next = 0;
        std::optional<script_text::call_text> call;
    };

    /// What is put into the holes of an answer.
    struct holes {
        holes(const std::string& s, const std::string& l) : said(s), last(l) {}
        const std::string& said;
        const std::string& last;
        std::optional<std::string> result;
        std::vector<std::string> stars;
    };

    // --- Reading -----------------------------------------------------------------------------------------

    void add(const script_text::rule_text& from, problems& found) {
        rule r;
        std::size_t stars = 0;
        for (const auto& t : texts(from.when, "when", found)) {
            auto& p = r.when.emplace_back(t);
            stars = std::max(stars, p.stars());
            if (p.empty())
                found.error(from.when.at, "'when' has no words in " + quoted_text(t),
                            "write the words to listen for; '*' stands for any");
        }
        r.answers = texts(from.answer, "answer", found);
        for (const auto& t : r.answers) check_holes(from.answer, t, stars, from.call.has_value(), found);
        if (from.call) {
            if (!from.call->arguments.is_map() && !from.call->arguments.is_nothing())
                found.error(from.call->arguments.at,
                            "'arguments' takes a map, not " + described_kind(from.call->arguments),
                            "write {name: value}");
            check_arguments(from.call->arguments, stars, found);
            r.call = from.call;
        }
        rules_.push_back(std::move(r));
    }

    /// One text or a list of them.
    static std::vector<std::string> texts(const value& v, const std::string& name, problems& found) {
        std::vector<std::string> all;
        const auto one = [&](const value& t) {
            if (t.is_scalar()) all.push_back(t.text);
            else found.error(t.at, "'" + name + "' takes a text, not " + described_kind(t));
        };
        if (v.is_list() && !v.items.empty())
            for (const auto& item : v.items) one(item);
        else if (v.is_scalar()) one(v);
        else
            found.error(v.at, "'" + name + "' takes a text or a list of them, not " +
                                  (v.is_list() ? "an empty list" : described_kind(v)));
        return all;
    }

    static void check_arguments(const value& v, std::size_t stars, problems& found) {
        if (v.is_scalar()) check_holes(v, v.text, stars, false, found);
        for (const auto& item : v.items) check_arguments(item, stars, found);
        for (const auto& m : v.members) check_arguments(m.held, stars, found);
    }

    static void check_holes(const value& at, const std::string& text, std::size_t stars, bool result,
                            problems& found) {
        each_hole(
            text, [](std::string_view) {},
            [&](std::string_view name) {
                if (name == "said" || name == "last") return;
                if (result && (name == "result" || name.starts_with("result."))) return;
                if (const auto n = parse_integer(name); n && *n >= 1 && static_cast<std::size_t>(*n) <= stars)
                    return;
                found.error(
                    at.at,
                    "there is nothing to put in the place of " + quoted_text("{" + std::string(name) + "}"),
                    std::string("there are {said}, {last}") +
                        (stars > 0 ? ", {1} for the first '*' of 'when'" : "") +
                        (result ? ", {result}, {result.member}" : ""));
            });
    }

    // --- Answering ---------------------------------------------------------------------------------------

    /// The pieces of a text between its holes, and the names in the holes. A '{' without an end is a text.
    template <class Text, class Hole>
    static void each_hole(std::string_view text, Text&& plain, Hole&& hole) {
        while (!text.empty()) {
            const auto open = text.find('{');
            const auto close = open == std::string_view::npos ? open : text.find('}', open);
            if (close == std::string_view::npos) return plain(text);
            plain(text.substr(0, open));
            hole(text.substr(open + 1, close - open - 1));
            text.remove_prefix(close + 1);
        }
    }

    static std::string fill(std::string_view text, const holes& h) {
        std::string out;
        each_hole(
            text, [&](std::string_view t) { out += t; },
            [&](std::string_view name) { out += filled(name, h); });
        return out;
    }

    static std::string filled(std::string_view name, const holes& h) {
        if (name == "said") return h.said;
        if (name == "last") return h.last;
        if (name == "result") return h.result.value_or("");
        if (name.starts_with("result.")) return member_of(h.result.value_or(""), name.substr(7));
        const auto n = parse_integer(name).value_or(0);
        return n >= 1 && static_cast<std::size_t>(n) <= h.stars.size()
                   ? h.stars[static_cast<std::size_t>(n) - 1]
                   : std::string();
    }

    /// What a tool that failed said is worth more to whoever tries it than nothing.
    static std::string member_of(const std::string& result, std::string_view path) {
        const auto read = parse_json(result);
        if (!read) return result;
        const json::value* v = &*read;
        if (const auto* wrong = find(*v, "error"); wrong != nullptr && wrong->is_string())
            return std::string(wrong->get_string());
        while (v != nullptr && !path.empty()) {
            const auto dot = path.find('.');
            v = find(*v, path.substr(0, dot));
            path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
        }
        if (v == nullptr) return {};
        return v->is_string() ? std::string(v->get_string()) : json::serialize(*v);
    }

    static const std::string& in_turn(const std::vector<std::string>& all, std::size_t& next) {
        return all[next++ % all.size()];
    }

    static tool_call call_for(const script_text::call_text& c, const holes& h) {
        json::value takes;
        if (const auto* t = llm::tools().find(c.tool))
            if (auto parameters = parse_json(t->card.parameters)) takes = std::move(*parameters);
        json::object arguments;
        for (const auto& m : c.arguments.members) {
            const auto* properties = find(takes, "properties");
            const auto* field = properties != nullptr ? find(*properties, m.name) : nullptr;
            arguments[m.name] =
                json_of(m.held, h, field != nullptr ? text_of(*field, "type") : std::string_view());
        }
        tool_call call;
        call.name = c.tool;
        call.arguments = json::serialize(arguments);
        return call;
    }

    /// A scalar as the type that the tool wants of it; if that is not known, as it was written.
    static json::value json_of(const value& v, const holes& h, std::string_view type) {
        if (v.is_nothing()) return {};
        if (v.is_list()) {
            json::array list;
            for (const auto& item : v.items) list.push_back(json_of(item, h, {}));
            return list;
        }
        if (v.is_map()) {
            json::object map;
            for (const auto& m : v.members) map[m.name] = json_of(m.held, h, {});
            return map;
        }
        auto text = fill(v.text, h);
        if (type != "string" && (!v.quoted || !type.empty())) {
            if (text == "true" || text == "false") return text == "true";
            if (const auto n = parse_integer(text)) return *n;
            if (const auto n = parse_number(text)) return *n;
        }
        return json::value(text);
    }

    std::vector<rule> rules_;
    std::vector<std::string> otherwise_;
    std::size_t next_ = 0;
};

}  // namespace rtai::llm
