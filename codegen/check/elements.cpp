#include <algorithm>
#include <memory>
#include <rtai/graph/barge_in.hpp>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "check/checks.hpp"

namespace rtai::codegen {

namespace {

class element_checker {
public:
    element_checker(checking& c, pipeline& p)
        : spec_(c.of), p_(p), known_(c.catalogue), near_(c.near), found_(c.found) {}

    void check() {
        for (auto& e : p_.elements) element_of(*e);
        own_ports();
        if (p_.barge_in) barge_in();
        if (p_.turn) checker(found_).check(schema_of<turn_options>(), *p_.turn, "turn");
    }

private:
    void element_of(element& e) {
        if (!meaning(e.first, e)) p_.sound = false;
        if (e.otherwise) {
            if (!meaning(*e.otherwise, e)) p_.sound = false;
            if (p_.sound && !e.when && e.first.what != nullptr && !e.first.what->can_be_missing)
                found_.warn(e.otherwise->name.at,
                            "this is never used: " + in_quotes(e.first.name.text) + " can always work",
                            "add 'when:' to choose between them at start");
        }
        if (e.when && p_.sound && !e.otherwise) can_be_left_out(e);
    }

    bool meaning(use& u, const element& e) {
        if (u.name.empty()) return false;
        if (const auto* sub = spec_.find_pipeline(u.name.text)) {
            if (!u.from.empty())
                found_.error(u.from.at,
                             in_quotes(u.name.text) + " is a pipeline of this spec, and needs no header");
            if (!sub->sound) return false;
            u.sub = sub;
            for (const auto& b : sub->ports) {
                port_card c;
                c.name = b.name.text;
                c.is_input = b.is_input;
                c.type = b.type.text;
                c.format = b.format;
                c.policy = known_.policy_of(c.type);
                c.capacity = known_.capacity_of(c.type);
                u.ports.push_back(std::move(c));
            }
            if (!u.options.members.empty())
                checker(found_).check(options_schema(*sub), u.options, e.name.text);
            return true;
        }
        problems here;
        u.what = known_.of(u, here);
        for (auto& p : here.sorted()) {
            const bool is_guess = p.help.find("did you mean") != std::string::npos;
            const bool is_name = p.at.text() == u.name.at.text() && u.from.empty();
            // It may be a pipeline of a file that could not be read.
            if (is_name && !is_guess && !spec_.complete) continue;
            const auto near = near_(u.name.text, is_name && !is_guess ? spec_.pipelines.size() : 0,
                                    [&](std::size_t i) { return spec_.pipelines[i]->name.text; });
            found_.error(p.at, p.message,
                         near.empty() ? p.help : "did you mean the pipeline '" + near + "'?");
        }
        if (u.what == nullptr) return false;
        u.ports = u.what->ports;
        u.header = u.what->header;
        problems options;
        checker(options).object(u.what->options, u.options, e.name.text);
        for (auto& p : options.sorted()) {
            // "'treshold' is no option of 'vad'": say what vad is, too.
            const auto tail = "is no option of " + in_quotes(e.name.text);
            if (p.message.ends_with(tail))
                p.message = p.message.substr(0, p.message.size() - tail.size()) + "is no option of " +
                            in_quotes(u.name.text);
            found_.error(p.at, p.message, p.help);
        }
        return true;
    }

    void can_be_left_out(const element& e) {
        const port_card *in = nullptr, *out = nullptr;
        std::size_t inputs = 0, outputs = 0;
        for (const auto& c : e.first.ports) {
            (c.is_input ? in : out) = &c;
            ++(c.is_input ? inputs : outputs);
        }
        if (inputs == 0 || outputs == 0) return;
        const bool passes = inputs == 1 && outputs == 1 && in->name == "in" && out->name == "out" &&
                            in->type == out->type && (in->type != "rtai::audio" || out->follows_input);
        if (!passes)
            found_.error(e.when->at,
                         in_quotes(e.name.text) + " can not be left out: streams can not pass it by",
                         "what has one input 'in' and one output 'out' of the same type can be; add "
                         "'otherwise:' with another in its place");
    }

    void own_ports() {
        for (auto& b : p_.ports) {
            if (b.type.empty()) continue;
            const auto own = spec_type(b.type.text);
            const bool audio = b.type.text == "rtai::audio";
            if (!audio &&
                (!b.format.rates.empty() || !b.format.channels.empty() || !b.format.encodings.empty()))
                found_.error(b.name.at,
                             in_quotes(b.name.text) + " is " + own +
                                 ", and only audio has a rate, channels and an encoding",
                             "write '" + b.name.text + ": " + own + "'");
            if (audio || b.type.text.find("::") != std::string::npos) continue;
            const std::vector<std::string> types = {"audio", "text",  "moment", "control",
                                                    "image", "video", "packet"};
            const auto near = nearest(own, types);
            found_.error(b.type.at, "there is no type " + in_quotes(own),
                         did_you_mean(near, "there is: " + rtai::detail::joined(types) +
                                                "; a C++ type is written with its namespace"));
            b.type.text.clear();
            p_.sound = false;
        }
    }

    void barge_in() {
        const auto s = schema_of<rtai::barge_in::options>();
        checker(found_).object(s, *p_.barge_in, "barge_in");
        const auto& w = p_.barge_in_when;
        if (w.empty()) {
            p_.has_all_wires = false;
            return;
        }
        auto e = std::make_unique<element>();
        // The port is checked like a wire to an element that takes moments.
        const auto dot = w.text.find('.');
        wire made;
        made.at = w.at;
        made.from.name = word(w.text.substr(0, dot), w.at.part(0, std::min(dot, w.text.size())));
        if (dot != std::string::npos)
            made.from.port = word(w.text.substr(dot + 1), w.at.part(dot + 1, w.text.size() - dot - 1));
        made.to.name = word("barge_in", w.at);
        e->name = word("barge_in", w.at);
        e->first.name = word("barge_in", w.at);
        static const card own = [] {
            card c;
            c.name = "barge_in";
            c.cpp = "rtai::barge_in";
            c.header = "rtai/graph/barge_in.hpp";
            c.options = schema_of<rtai::barge_in::options>();
            c.ports = rtai::detail::ports_of<rtai::barge_in>();
            return c;
        }();
        e->first.what = &own;
        e->first.ports = own.ports;
        e->first.options = *p_.barge_in;
        p_.elements.push_back(std::move(e));
        p_.wires.push_back(std::move(made));
    }

    spec& spec_;
    pipeline& p_;
    known& known_;
    guesser& near_;
    problems& found_;
};

}  // namespace

void check_elements(checking& c, pipeline& p) { element_checker(c, p).check(); }

}  // namespace rtai::codegen
