#pragma once

#include <yaml.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <new>
#include <rtai/data/nearest.hpp>
#include <rtai/data/problem.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/data/value.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rtai {

/// What one document may cost. YAML lets ten lines stand for a billion values.
struct yaml_limits {
    std::size_t bytes = std::size_t{4} << 20;
    std::size_t values = 200'000;
    std::size_t depth = 64;
};

namespace detail {

/// Turns libyaml's events into a tree of values with their places.
class yaml_reader {
public:
    yaml_reader(std::shared_ptr<const source> s, problems& p, const yaml_limits& l)
        : source_(std::move(s)), problems_(p), limits_(l) {
        if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
        // libyaml guesses the encoding, also UTF-16, unless it is told; told so, it does not know the mark.
        std::string_view text = source_->text;
        if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(mark_ = 3);
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    yaml_reader(const yaml_reader&) = delete;
    yaml_reader& operator=(const yaml_reader&) = delete;
    ~yaml_reader() {
        yaml_event_delete(&event_);
        yaml_parser_delete(&parser_);
    }

    /// The document; nothing, with a problem told, if it can not be read to its end.
    value read() {
        value document(value::kind::nothing, place(source_, 1, 1));
        if (source_->text.size() > limits_.bytes) {
            fail(place(source_, 0, 0),
                 "the file has " + std::to_string(source_->text.size()) + " bytes; the most is " +
                     std::to_string(limits_.bytes),
                 "split it into several");
            return document;
        }
        while (next()) {
            if (event_.type == YAML_STREAM_END_EVENT) return document;
            if (event_.type != YAML_DOCUMENT_START_EVENT) continue;
            if (++documents_ > 1) {
                fail(here(), "a second document begins here",
                     "a file holds one document: take out the '---'");
                return value();
            }
            if (!next() || !node(document, 0)) return value();
        }
        return value();
    }

private:
    bool next() {
        yaml_event_delete(&event_);
        if (yaml_parser_parse(&parser_, &event_) != 0) return true;
        event_.type = YAML_NO_EVENT;
        tell_parser_error();
        return false;
    }

    bool node(value& into, std::size_t depth) {
        if (!counted(1, 0)) return false;
        if (depth > limits_.depth) return too_deep();
        switch (event_.type) {
            case YAML_ALIAS_EVENT:
                return alias(into, depth);
            case YAML_SCALAR_EVENT:
                scalar(into);
                keep(event_.data.scalar.anchor, into, {count_ - 1, text_ - into.text.size()});
                return true;
            case YAML_SEQUENCE_START_EVENT:
                return list(into, depth);
            case YAML_MAPPING_START_EVENT:
                return map(into, depth);
            default:
                return fail(here(), "a value is missing here");
        }
    }

    void scalar(value& into) {
        const auto& s = event_.data.scalar;
        into = value(std::string(reinterpret_cast<const char*>(s.value), s.length), here());
        into.quoted = s.style != YAML_PLAIN_SCALAR_STYLE || tag(s.tag) == "str";
        if (!into.quoted && (into.text.empty() || into.text == "~" || into.text == "null"))
            into.type = value::kind::nothing;
        const auto& from = event_.start_mark;
        const auto& to = event_.end_mark;
        // A text in a block ends before the line that comes next.
        if (to.line > from.line) into.more_lines = to.line - from.line - (to.column == 0 ? 1 : 0);
        text_ += into.text.size();
    }

    bool list(value& into, std::size_t depth) {
        const cost before{count_ - 1, text_};
        into = value(value::kind::list, here());
        tag(event_.data.sequence_start.tag);
        const auto name = open(event_.data.sequence_start.anchor);
        while (next()) {
            if (event_.type == YAML_SEQUENCE_END_EVENT) return close(name, into, before);
            if (!node(into.items.emplace_back(), depth + 1)) return false;
        }
        return false;
    }

    bool map(value& into, std::size_t depth) {
        const cost before{count_ - 1, text_};
        into = value(value::kind::map, here());
        tag(event_.data.mapping_start.tag);
        const auto name = open(event_.data.mapping_start.anchor);
        std::vector<value> bases;
        names seen;
        while (next()) {
            if (event_.type == YAML_MAPPING_END_EVENT) {
                for (const auto& base : bases)
                    for (const auto& m : base.members)
                        if (seen.emplace(m.name, 0).second) into.members.push_back(m);
                return close(name, into, before);
            }
            if (!member(into, bases, seen, depth)) return false;
        }
        return false;
    }

    using names = std::unordered_map<std::string, std::size_t>;  // and their lines

    bool member(value& into, std::vector<value>& bases, names& seen, std::size_t depth) {
        if (event_.type != YAML_SCALAR_EVENT)
            return fail(here(), "a key must be a plain name",
                        "quote it if it holds '[', '{', '*' or '&' at its beginning");
        value key;
        scalar(key);
        if (key.text.empty() && !key.quoted) return fail(key.at, "a name is missing before this ':'");
        keep(event_.data.scalar.anchor, key, {count_ - 1, text_ - key.text.size()});
        const bool is_merge = key.text == "<<" && !key.quoted;
        const auto [before, is_new] = seen.emplace(key.text, key.at.line);
        if (!is_new && !is_merge)
            problems_.error(key.at, quoted_text(key.text) + " is here twice",
                            "the first is on line " + std::to_string(before->second));
        if (!next()) return false;
        value held;
        if (!node(held, depth + 1)) return false;
        if (is_merge) return merge_from(std::move(held), bases);
        if (is_new) into.members.emplace_back(key.text, key.at, std::move(held));
        return true;
    }

    bool merge_from(value held, std::vector<value>& bases) {
        if (held.is_map()) {
            bases.push_back(std::move(held));
            return true;
        }
        if (!held.is_list())
            return fail(held.at, "'<<' takes a map or a list of maps, not " + described_kind(held));
        for (auto& item : held.items) {
            if (!item.is_map())
                return fail(item.at, "'<<' takes a map or a list of maps, not " + described_kind(item));
            bases.push_back(std::move(item));
        }
        return true;
    }

    // --- Anchors and what they cost

    struct cost {
        std::size_t values = 0;
        std::size_t text = 0;
    };

    struct anchor {
        value held;
        cost size;
        std::size_t height = 0;
        bool is_open = false;
    };

    bool alias(value& into, std::size_t depth) {
        const std::string name = reinterpret_cast<const char*>(event_.data.alias.anchor);
        const auto found = anchors_.find(name);
        if (found == anchors_.end()) {
            std::vector<std::string> all;
            for (const auto& a : anchors_) all.push_back(a.first);
            const auto near = nearest(name, all);
            return fail(
                here(), "there is no " + quoted_text("&" + name) + " above",
                near.empty() ? "quote the text if it begins with '*'" : "did you mean '*" + near + "'?");
        }
        const auto& a = found->second;
        if (a.is_open)
            return fail(here(),
                        quoted_text("*" + name) + " stands inside of " + quoted_text("&" + name) +
                            ", so it would never end",
                        "write out what is meant");
        if (depth + a.height > limits_.depth) return too_deep();
        if (!counted(a.size.values, a.size.text)) return false;
        into = a.held;
        return true;
    }

    std::string open(const yaml_char_t* name) {
        if (name == nullptr) return {};
        auto& a = anchors_[reinterpret_cast<const char*>(name)];
        a = anchor();
        a.is_open = true;
        return reinterpret_cast<const char*>(name);
    }

    bool close(const std::string& name, const value& held, cost before) {
        if (name.empty()) return true;
        keep(reinterpret_cast<const yaml_char_t*>(name.c_str()), held, before);
        // An anchor keeps a copy, and anchors may stand in one another.
        const auto& size = anchors_[name].size;
        return counted(size.values, size.text);
    }

    void keep(const yaml_char_t* name, const value& held, cost before) {
        if (name == nullptr) return;
        auto& a = anchors_[reinterpret_cast<const char*>(name)];
        a = anchor();
        a.held = held;
        a.size = {count_ - before.values, text_ - before.text};
        a.height = height_of(held);
    }

    static std::size_t height_of(const value& v) {
        std::size_t most = 0;
        for (const auto& item : v.items) most = std::max(most, height_of(item) + 1);
        for (const auto& m : v.members) most = std::max(most, height_of(m.held) + 1);
        return most;
    }

    /// So many more values with so much text.
    bool counted(std::size_t values, std::size_t text) {
        count_ += values;
        text_ += text;
        if (count_ > limits_.values)
            return fail(here(), "with its aliases the document has more than " +
                                    std::to_string(limits_.values) + " values");
        // What stands in the file itself is within the limit; an alias may repeat it as much again.
        if (text_ > 2 * limits_.bytes)
            return fail(here(), "with its aliases the document has more than " +
                                    std::to_string(2 * limits_.bytes) + " bytes of text");
        return true;
    }

    bool too_deep() {
        return fail(here(), "this is nested deeper than " + std::to_string(limits_.depth) + " levels");
    }

    /// "str" of !!str, which is the same as quotes; others of YAML's own change nothing here.
    std::string_view tag(const yaml_char_t* name) {
        if (name == nullptr) return {};
        const std::string_view all = reinterpret_cast<const char*>(name);
        constexpr std::string_view own = "tag:yaml.org,2002:";
        if (all.starts_with(own)) return all.substr(own.size());
        if (all == "!") return "str";
        fail(here(), "the tag " + quoted_text(all) + " means nothing here",
             "put quotes around a text that begins with '!'");
        return {};
    }

    place here() const {
        const auto& from = event_.start_mark;
        const auto& to = event_.end_mark;
        const std::size_t length =
            to.line == from.line && to.column > from.column ? to.column - from.column : 1;
        return {source_, from.line + 1, from.column + 1, length};
    }

    bool fail(place at, std::string message, std::string help = {}) {
        problems_.error(std::move(at), std::move(message), std::move(help));
        return false;
    }

    place place_of(const yaml_mark_t& mark) const { return {source_, mark.line + 1, mark.column + 1}; }

    void tell_parser_error() {
        const std::string_view said = parser_.problem != nullptr ? parser_.problem : "no reason given";
        const std::string_view doing = parser_.context != nullptr ? parser_.context : "";
        const auto at = place_of(parser_.problem_mark);
        if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
        if (parser_.error == YAML_READER_ERROR) return tell_reader_error(said);

        const bool flow = doing == "while parsing a flow sequence" || doing == "while parsing a flow mapping";
        const std::string quote = doing == "while scanning a quoted scalar" ? "quoted text" : "";
        if (flow) {
            const bool list = doing.ends_with("sequence");
            const std::string close = list ? "]" : "}";
            if (parser_.problem_mark.line == parser_.context_mark.line && !at_end(at))
                fail(at, "a ',' or the closing '" + close + "' is missing before this");
            else
                fail(place_of(parser_.context_mark),
                     std::string("this '") + (list ? "[" : "{") + "' is not closed",
                     "a ',' or the '" + close + "' is missing " +
                         (at_end(at) ? std::string("at the end of the file")
                                     : "on line " + std::to_string(at.line)) +
                         " or before");
            return;
        }
        if (!quote.empty() && said.starts_with("found unexpected ")) {
            fail(place_of(parser_.context_mark), "these quotes are not closed");
            return;
        }
        if (character_at(at) == '\t') {
            fail(at, "a tab where YAML wants spaces", "indent with spaces");
            return;
        }
        const auto line = source_->line(at.line);
        if (said == "mapping values are not allowed in this context" &&
            first_characters(line, at.column - 1).find(": ") != std::string_view::npos) {
            fail(at, "a second ':' on the line", "put quotes around a text that holds ': '");
            return;
        }
        if (character_at(at) == ':' && said.starts_with("did not find expected ")) {
            fail(at, "a name is missing before this ':'");
            return;
        }
        struct wording {
            std::string_view said, means, help;
        };
        static constexpr wording wordings[] = {
            {"mapping values are not allowed in this context", "no value can begin at this ':'",
             "is the line indented as those around it? Members of one map begin in the same column"},
            {"block sequence entries are not allowed in this context", "no list can begin here",
             "begin it on a line of its own"},
            {"mapping keys are not allowed in this context", "no name can begin here",
             "put quotes around the text"},
            {"did not find expected key", "this fits neither as a member of the map above nor as its end",
             "members of one map begin in the same column; a text may need quotes"},
            {"did not find expected '-' indicator",
             "this fits neither as an item of the list above nor as its end",
             "the items of one list begin with '-' in the same column"},
            {"could not find expected ':'", "there is no ':' after this name",
             "write name: value; a text over several lines needs quotes or '|'"},
            {"found character that cannot start any token", "no text can begin with this character",
             "put quotes around it"},
            {"did not find expected alphabetic or numeric character",
             "a name of letters and digits must follow '&' or '*'", "put quotes around the text"},
            {"did not find expected node content", "no value can begin with this character",
             "is a value missing before it, or the bracket that it closes?"},
            {"found unknown directive name", "no line can begin with '%'", "put quotes around the text"},
            {"did not find expected <document start>", "this does not belong to what stands above",
             "a file holds one map; put quotes around a text that begins with '%', '[' or '{'"},
            {"found unknown escape character", "there is no such escape in double quotes",
             "a backslash is \\\\; in single quotes it is only itself"},
            {"did not find expected hexdecimal number", "this escape wants hexadecimal figures",
             "\\x has two, \\u four, \\U eight"},
            {"found invalid Unicode character escape code", "there is no such character", ""},
            {"found undefined tag handle", "this tag means nothing here",
             "put quotes around a text that begins with '!'"},
            {"found unexpected ':'", "this ':' is followed by a bracket or a comma",
             "put quotes around the text"},
            {"did not find expected comment or line break",
             "after '|' or '>' the text begins on the next line", ""},
        };
        const auto begins = line.find_first_not_of("- ");
        if (said == "did not find expected '-' indicator" && begins != std::string_view::npos &&
            (line[begins] == '[' || line[begins] == '{')) {
            fail(at, "nothing can follow the closing bracket on this line",
                 std::string("put quotes around a text that begins with '") + line[begins] + "'");
            return;
        }
        if (said == "could not find expected ':'") {
            const auto name = place_of(parser_.context_mark);
            const auto text = source_->line(name.line);
            const auto first = first_characters(text, name.column - 1).size();
            const auto colon = text.find(':', first);
            if (colon != std::string_view::npos && colon + 1 < text.size()) {
                fail(name.part(count_characters(text.substr(first, colon - first)), 1),
                     "a space is missing after this ':'");
                return;
            }
        }
        for (const auto& w : wordings)
            if (said == w.said) {
                fail(w.said.starts_with("could not find") ? place_of(parser_.context_mark) : at,
                     std::string(w.means), std::string(w.help));
                return;
            }
        fail(at, "this is not YAML: " + std::string(said));
    }

    void tell_reader_error(std::string_view said) {
        if (said != "control characters are not allowed") {
            std::string_view rest = source_->text;
            while (!rest.empty() && first_character(rest).good)
                rest.remove_prefix(first_character(rest).bytes);
            fail(place_of_byte(source_->text.size() - rest.size()), "this is not text in UTF-8",
                 "save the file as UTF-8");
            return;
        }
        const auto at = place_of_byte(parser_.problem_offset + mark_);
        static constexpr char hex[] = "0123456789ABCDEF";
        std::string code = "U+";
        for (int shift = 12; shift >= 0; shift -= 4)
            code += hex[static_cast<unsigned>(parser_.problem_value) >> static_cast<unsigned>(shift) & 15U];
        fail(at, "the control character " + code + " can not stand here",
             "in double quotes, \\u" + code.substr(2) + " stands for it");
    }

    bool at_end(const place& at) const {
        const auto line = source_->line(at.line);
        return at.column > detail::count_characters(line) && source_->line(at.line + 1).empty();
    }

    /// The one byte there; 0 at the end of a line.
    char character_at(const place& at) const {
        const auto line = source_->line(at.line);
        const auto before = first_characters(line, at.column - 1).size();
        return before < line.size() ? line[before] : '\0';
    }

    place place_of_byte(std::size_t offset) const {
        std::size_t line = 1, column = 1;
        std::string_view rest =
            std::string_view(source_->text).substr(mark_, offset - std::min(offset, mark_));
        while (!rest.empty()) {
            const auto c = first_character(rest);
            const bool ends = c.code == '\n' || c.code == 0x85 || c.code == 0x2028 || c.code == 0x2029 ||
                              (c.code == '\r' && !rest.starts_with("\r\n"));
            line += ends ? 1 : 0;
            column = ends ? 1 : column + 1;
            rest.remove_prefix(c.bytes);
        }
        return {source_, line, column};
    }

    std::shared_ptr<const source> source_;
    problems& problems_;
    yaml_limits limits_;
    yaml_parser_t parser_{};
    yaml_event_t event_{};
    std::map<std::string, anchor> anchors_;
    std::size_t mark_ = 0;  // the bytes of a byte order mark
    std::size_t documents_ = 0;
    std::size_t count_ = 0;
    std::size_t text_ = 0;
};

}  // namespace detail

/// Reads one YAML (or JSON) document. What is wrong with it is added to `found`; then the tree holds what
/// could be read, or nothing.
inline value read_yaml(std::shared_ptr<const source> from, problems& found, const yaml_limits& limits = {}) {
    return detail::yaml_reader(std::move(from), found, limits).read();
}

}  // namespace rtai
