#include <algorithm>
#include <cstdio>
#include <iostream>
#include <rtai/data/nearest.hpp>

#include "commands.hpp"
#include "guess.hpp"
#include "layout.hpp"
#include "words.hpp"

namespace rtai::codegen {

namespace {

enum class look { port, element, pipeline, conversion };

struct node {
    std::string id;
    look as = look::element;
    bool put_in = false;  ///< by the plan
    std::string name;
    std::vector<std::string> below;  ///< lines below the name
    place at;
};

struct link {
    std::size_t from = 0, to = 0;
    std::vector<std::string> label;
    bool handed_over = false;
};

/// A planned pipeline as a picture shows it.
struct picture {
    const pipeline* of = nullptr;
    std::vector<node> nodes;
    std::vector<link> links;
};

class painter {
public:
    explicit painter(const plan& p) : plan_(p) { made_.of = p.of; }

    picture paint() {
        for (const auto& b : made_.of->ports)
            if (b.is_input) port_of(b);
        for (const auto& p : plan_.parts) part_of(p);
        for (const auto& b : made_.of->ports)
            if (!b.is_input) port_of(b);
        for (const auto& h : plan_.hand_overs) handed(h);
        for (const auto& q : plan_.queues) queued(q);
        return std::move(made_);
    }

private:
    void add(const std::string& name, look as, const place& at) {
        node n;
        n.id = made_.of->name.text + "__" + name;
        n.as = as;
        n.name = name;
        n.at = at;
        made_.nodes.push_back(std::move(n));
    }

    void port_of(const boundary& b) {
        add(b.name.text, look::port, b.name.at);
        made_.nodes.back().below.push_back(b.is_input ? "in" : "out");
    }

    void part_of(const part& p) {
        if (p.from == nullptr) {
            add(p.name, p.type == part::kind::convert ? look::conversion : look::element, p.at);
            made_.nodes.back().put_in = true;
            made_.nodes.back().below.push_back(p.type == part::kind::tee    ? "tee"
                                               : p.type == part::kind::pass ? "pass"
                                                                            : "convert");
            return;
        }
        const bool converts = p.cpp == "rtai::convert";
        add(p.name,
            p.from->first.sub != nullptr ? look::pipeline
            : converts                   ? look::conversion
                                         : look::element,
            p.at);
        auto& below = made_.nodes.back().below;
        below.push_back(use_text(p.from->first));
        if (p.from->when) below.push_back("when " + p.from->when->text);
        if (p.from->otherwise) below.push_back("otherwise " + use_text(*p.from->otherwise));
    }

    static std::string use_text(const use& u) {
        return u.name.text + (u.function.empty() ? "" : " " + u.function.text);
    }

    std::size_t index_of(const std::string& name) const {
        const auto found = std::find_if(made_.nodes.begin(), made_.nodes.end(),
                                        [&](const node& n) { return n.name == name; });
        return static_cast<std::size_t>(found - made_.nodes.begin());
    }

    void handed(const hand_over& h) {
        const auto outer = index_of(h.outer->name.text), inner = index_of(plan_.parts[h.inner.part].name);
        auto what = spec_type(h.outer->type.text);
        for (const auto& [name, format] : plan_.formats)
            if (name == h.outer->name.text) what = to_text(format);
        link l;
        l.from = h.outer->is_input ? outer : inner;
        l.to = h.outer->is_input ? inner : outer;
        l.label = {with_port(h.inner.port, what), "handed over"};
        l.handed_over = true;
        made_.links.push_back(std::move(l));
    }

    void queued(const queue& q) {
        for (const auto& f : q.from) {
            link l;
            l.from = index_of(plan_.parts[f.part].name);
            l.to = index_of(plan_.parts[q.to.part].name);
            l.label = {with_port(f.port, q.format ? to_text(*q.format) : spec_type(q.type)),
                       queue_text(q, *made_.of)};
            if (q.from.size() > 1) l.label.back() += ", shared";
            made_.links.push_back(std::move(l));
        }
    }

    static std::string with_port(const std::string& port, const std::string& what) {
        return port == "in" || port == "out" ? what : port + ": " + what;
    }

    const plan& plan_;
    picture made_;
};

template <class F>
std::string escaped(const std::string& text, F&& replacement) {
    std::string out;
    for (const char c : text) {
        const char* other = replacement(c);
        if (other != nullptr) out += other;
        else out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

std::string joined_lines(const std::vector<std::string>& lines, const std::string& between,
                         std::string (*escape)(const std::string&)) {
    std::string out;
    for (const auto& l : lines) out += (out.empty() ? "" : between) + escape(l);
    return out;
}

std::string xml(const std::string& text) {
    return escaped(text, [](char c) {
        return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : nullptr;
    });
}

// --- Mermaid ---------------------------------------------------------------------------------------------

/// What would end a text in quotes, or be taken for HTML or Markdown.
std::string mermaid(const std::string& text) {
    return escaped(text, [](char c) {
        return c == '"'   ? "#quot;"
               : c == '#' ? "#35;"
               : c == '<' ? "#lt;"
               : c == '>' ? "#gt;"
               : c == '&' ? "#amp;"
               : c == '`' ? "#96;"
                          : nullptr;
    });
}

std::string mermaid_of(const std::vector<picture>& all) {
    std::string out = "flowchart LR\n";
    std::string conversions, put_in;
    for (const auto& p : all) {
        const auto& name = p.of->name.text;
        out += "  subgraph pipeline_" + name + "[\"" + mermaid(name) + "\"]\n";
        for (const auto& n : p.nodes) {
            const auto text =
                "\"<b>" + mermaid(n.name) + "</b><br/>" + joined_lines(n.below, "<br/>", mermaid) + "\"";
            const char *open = "[", *close = "]";
            if (n.as == look::port) open = "([", close = "])";
            if (n.as == look::pipeline) open = "[[", close = "]]";
            out += "    " + n.id + open + text + close + "\n";
            if (n.as == look::conversion) conversions += (conversions.empty() ? "" : ",") + n.id;
            if (n.put_in) put_in += (put_in.empty() ? "" : ",") + n.id;
        }
        for (const auto& l : p.links)
            out += "    " + p.nodes[l.from].id + (l.handed_over ? " -.->|\"" : " -->|\"") +
                   joined_lines(l.label, "<br/>", mermaid) + "\"| " + p.nodes[l.to].id + "\n";
        out += "  end\n";
    }
    if (!put_in.empty()) out += "  classDef put_in stroke-dasharray: 4 3\n  class " + put_in + " put_in\n";
    if (!conversions.empty())
        out +=
            "  classDef conversion fill:#f59e0b,stroke:#b45309,color:#1c1917\n  "
            "class " +
            conversions + " conversion\n";
    return out;
}

// --- Graphviz --------------------------------------------------------------------------------------------

std::string dot_of(const std::vector<picture>& all, const std::string& name) {
    std::string out = "digraph " + name +
                      "_graph {\n"
                      "  rankdir=LR;\n"
                      "  node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n"
                      "  edge [fontname=\"Helvetica\", fontsize=9];\n";
    for (const auto& p : all) {
        out += "  subgraph cluster_" + p.of->name.text + " {\n    label=<<b>" + xml(p.of->name.text) +
               "</b>>;\n";
        for (const auto& n : p.nodes) {
            out += "    " + n.id + " [label=<<b>" + xml(n.name) + "</b><br/>" +
                   joined_lines(n.below, "<br/>", xml) + ">";
            if (n.as == look::port) out += ", style=\"rounded,filled\", fillcolor=\"#dbeafe\"";
            if (n.as == look::pipeline) out += ", peripheries=2";
            if (n.as == look::conversion) out += ", fillcolor=\"#fcd34d\"";
            if (n.put_in || n.as == look::conversion)
                out += std::string(", style=\"rounded") + (n.put_in ? ",dashed" : "") +
                       (n.as == look::conversion ? ",filled" : "") + "\"";
            out += "];\n";
        }
        for (const auto& l : p.links)
            out += "    " + p.nodes[l.from].id + " -> " + p.nodes[l.to].id + " [label=<" +
                   joined_lines(l.label, "<br/>", xml) + ">" + (l.handed_over ? ", style=dashed" : "") +
                   "];\n";
        out += "  }\n";
    }
    return out + "}\n";
}

// --- SVG -------------------------------------------------------------------------------------------------

std::string figure(double v) {
    char room[32];
    std::snprintf(room, sizeof room, "%.1f", v);
    std::string out = room;
    return out.ends_with(".0") ? out.substr(0, out.size() - 2) : out;
}

std::string at_point(const point& p) { return figure(p.x) + " " + figure(p.y); }

/// Straight lines with round corners.
std::string bent(const std::vector<point>& path) {
    constexpr double radius = 8;
    std::string d = "M" + at_point(path.front());
    for (std::size_t i = 1; i + 1 < path.size(); ++i) {
        const auto toward = [&](const point& other) {
            const double dx = other.x - path[i].x, dy = other.y - path[i].y;
            const double length = std::max(std::hypot(dx, dy), 1e-6), r = std::min(radius, length / 2);
            return point{path[i].x + dx / length * r, path[i].y + dy / length * r};
        };
        d += "L" + at_point(toward(path[i - 1])) + "Q" + at_point(path[i]) + " " +
             at_point(toward(path[i + 1]));
    }
    return d + "L" + at_point(path.back());
}

std::string smooth(const std::vector<point>& path) {
    std::string d = "M" + at_point(path.front());
    for (std::size_t i = 1; i < path.size(); ++i) {
        const auto &a = path[i - 1], &b = path[i];
        const double middle = (a.x + b.x) / 2;
        if (i % 2 == 1 || std::abs(a.y - b.y) < 0.05) d += "L" + at_point(b);
        else d += "C" + at_point({middle, a.y}) + " " + at_point({middle, b.y}) + " " + at_point(b);
    }
    return d;
}

class svg_writer {
public:
    explicit svg_writer(const picture& p) : picture_(p) {}

    std::string text() {
        for (const auto& n : picture_.nodes) boxes_.push_back(box_of(n));
        for (const auto& l : picture_.links) links_.push_back(link_of(l));
        const layout made(boxes_, links_);
        const auto notes = legend();
        const double top = picture_.of->about.empty() ? 50 : 68;
        const double wide = std::max({made.width(), title_width(), text_width(notes, 11)}) + 2 * margin;
        const double tall = made.height() + top + margin + (notes.empty() ? 0 : 26);
        std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + figure(wide) + " " +
                          figure(tall) + "\" width=\"" + figure(wide) + "\" height=\"" + figure(tall) +
                          "\" role=\"img\">\n";
        out += "<title>" + xml("pipeline " + picture_.of->name.text) + "</title>\n";
        out += style;
        out += "<rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"10\"/>\n";
        out += "<text class=\"title\" x=\"" + figure(margin) + "\" y=\"30\">" + xml(picture_.of->name.text) +
               "</text>\n";
        if (!picture_.of->about.empty())
            out += "<text class=\"about\" x=\"" + figure(margin) + "\" y=\"48\">" + xml(picture_.of->about) +
                   "</text>\n";
        out += "<g transform=\"translate(" + figure(margin) + " " + figure(top) + ")\">\n";
        for (std::size_t i = 0; i < links_.size(); ++i) out += line_text(i);
        for (std::size_t i = 0; i < boxes_.size(); ++i) out += box_text(i);
        out += "</g>\n";
        if (!notes.empty())
            out += "<text class=\"about\" x=\"" + figure(margin) + "\" y=\"" + figure(tall - 14) + "\">" +
                   xml(notes) + "</text>\n";
        return out + "</svg>\n";
    }

private:
    // Letters of one width, so that the room they need is known whatever font is there.
    static constexpr double letter = 0.615, name_size = 13, line_size = 11, line_height = 15, margin = 24;
    static constexpr const char* style = R"(<defs>
<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="tip" d="M0 0.5L8 4L0 7.5z"/></marker>
</defs>
<style>
text { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 11px; fill: #475569; }
.paper { fill: #ffffff; stroke: #e2e8f0; }
.title { font-size: 17px; font-weight: bold; fill: #0f172a; }
.name { font-size: 13px; font-weight: bold; fill: #0f172a; }
.mid { text-anchor: middle; }
.box { fill: #f8fafc; stroke: #64748b; stroke-width: 1.3; }
.port { fill: #dbeafe; stroke: #3b82f6; }
.conversion { fill: #fde68a; stroke: #d97706; }
.put_in { stroke-dasharray: 4 3; }
.on_conversion { fill: #451a03; }
.line { fill: none; stroke: #94a3b8; stroke-width: 1.4; }
.handed { stroke-dasharray: 2 3; }
.converted { stroke: #d97706; }
.tip { fill: #64748b; }
.muted { fill: #64748b; font-size: 10.5px; }
@media (prefers-color-scheme: dark) {
text { fill: #a8b3c4; }
.paper { fill: #0d1117; stroke: #30363d; }
.title, .name { fill: #f1f5f9; }
.box { fill: #1e293b; stroke: #94a3b8; }
.port { fill: #1e3a8a; stroke: #60a5fa; }
.conversion { fill: #b45309; stroke: #fbbf24; }
.on_conversion { fill: #fffbeb; }
.line { stroke: #64748b; }
.converted { stroke: #fbbf24; }
.tip { fill: #94a3b8; }
.muted { fill: #8b98aa; }
}
</style>
)";

    static double text_width(const std::string& text, double size) {
        return static_cast<double>(rtai::detail::count_characters(text)) * size * letter;
    }

    double title_width() const {
        return std::max(text_width(picture_.of->name.text, 17), text_width(picture_.of->about, line_size));
    }

    std::string legend() const {
        const auto any = [&](auto&& test) {
            return std::any_of(picture_.nodes.begin(), picture_.nodes.end(), test);
        };
        std::vector<std::string> notes;
        if (any([](const node& n) { return n.put_in; })) notes.emplace_back("dashed: put in by the plan");
        if (any([](const node& n) { return n.as == look::conversion; }))
            notes.emplace_back("amber: audio is converted");
        return rtai::detail::joined(notes, "; ");
    }

    static drawn_box box_of(const node& n) {
        drawn_box b;
        b.width = text_width(n.name, name_size);
        for (const auto& l : n.below) b.width = std::max(b.width, text_width(l, line_size));
        b.width += n.as == look::port || n.as == look::pipeline ? 34 : 24;
        b.height = 32 + line_height * static_cast<double>(n.below.size());
        return b;
    }

    static drawn_link link_of(const link& l) {
        drawn_link d;
        d.from = l.from;
        d.to = l.to;
        for (const auto& line : l.label) d.label_width = std::max(d.label_width, text_width(line, line_size));
        d.label_height = 34;
        return d;
    }

    bool converted(const link& l) const {
        return picture_.nodes[l.from].as == look::conversion || picture_.nodes[l.to].as == look::conversion;
    }

    std::string line_text(std::size_t i) const {
        const auto& l = picture_.links[i];
        const auto& d = links_[i];
        std::string out = "<path class=\"line" + std::string(l.handed_over ? " handed" : "") +
                          (converted(l) ? " converted" : "") + "\" marker-end=\"url(#tip)\" d=\"" +
                          (d.turned_back ? bent(d.path) : smooth(d.path)) + "\"/>\n";
        const auto words = [&](const char* kind, double y, const std::string& text) {
            return "<text class=\"" + std::string(kind) + "\" x=\"" + figure(d.label.x) + "\" y=\"" +
                   figure(d.label.y + y) + "\">" + xml(text) + "</text>\n";
        };
        return out + words("mid", -5, l.label.front()) + words("mid muted", 13, l.label.back());
    }

    std::string box_text(std::size_t i) const {
        const auto& n = picture_.nodes[i];
        const auto& b = boxes_[i];
        const auto frame = [&](double inset, double radius) {
            return "x=\"" + figure(b.x + inset) + "\" y=\"" + figure(b.y) + "\" width=\"" +
                   figure(b.width - 2 * inset) + "\" height=\"" + figure(b.height) + "\" rx=\"" +
                   figure(radius) + "\"";
        };
        static constexpr const char* looks[] = {" port", "", "", " conversion"};
        std::string out = "<g><title>" + xml(n.name + (n.at ? " at " + n.at.text() : "")) + "</title>";
        out += "<rect class=\"box" + std::string(looks[static_cast<std::size_t>(n.as)]) +
               (n.put_in ? " put_in" : "") + "\" " + frame(0, n.as == look::port ? b.height / 2 : 6) + "/>";
        if (n.as == look::pipeline)
            out += "<path class=\"line\" d=\"M" + at_point({b.x + 6, b.y}) + "v" + figure(b.height) + "M" +
                   at_point({b.x + b.width - 6, b.y}) + "v" + figure(b.height) + "\"/>";
        const char* on = n.as == look::conversion ? " on_conversion" : "";
        double y = b.y + (b.height - line_height * static_cast<double>(n.below.size()) - 13) / 2 + 11;
        const auto words = [&](const char* kind, const std::string& text) {
            return "<text class=\"mid" + std::string(kind) + on + "\" x=\"" + figure(b.x + b.width / 2) +
                   "\" y=\"" + figure(y) + "\">" + xml(text) + "</text>";
        };
        out += words(" name", n.name);
        for (const auto& line : n.below) {
            y += line_height;
            out += words("", line);
        }
        return out + "</g>\n";
    }

    const picture& picture_;
    std::vector<drawn_box> boxes_;
    std::vector<drawn_link> links_;
};

int refuse(const std::string& what, const std::string& help, int code) {
    std::cerr << "rtai: " << what << "\n  " << help << "\n";
    return code;
}

int put(const std::string& text, const std::string& out) {
    if (!out.empty()) return write_if_changed(out, text) ? done : cannot;
    std::cout << text;
    return done;
}

}  // namespace

int graph_command(const std::string& path, const std::string& format, const std::string& only,
                  const std::string& out, const common_options& with) {
    known catalogue(with.probe);
    const auto l = load(path, catalogue);
    if (!tell(l.found, with)) return l.s.file == nullptr ? cannot : bad_spec;

    std::vector<picture> all;
    std::vector<std::string> names;
    for (const auto& p : l.s.pipelines) {
        names.push_back(p->name.text);
        if (only.empty() || only == p->name.text) all.push_back(painter(*l.p.of(p.get())).paint());
    }
    if (all.empty()) {
        const auto near = nearest(only, names);
        return refuse("there is no pipeline '" + only + "' in " + path,
                      did_you_mean(near, "there is: " + rtai::detail::joined(names)), bad_spec);
    }
    if (format == "dot") return put(dot_of(all, l.s.name.text), out);
    if (format != "svg") return put(mermaid_of(all), out);
    if (all.size() > 1)
        return refuse("an SVG is of one pipeline, and " + path + " has " + std::to_string(all.size()),
                      "add --pipeline with one of: " + rtai::detail::joined(names), misused);
    return put(svg_writer(all.front()).text(), out);
}

}  // namespace rtai::codegen
