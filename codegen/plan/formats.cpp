#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "plan/chooser.hpp"
#include "plan/draft.hpp"

namespace rtai::codegen {

namespace {

class format_chooser {
public:
    explicit format_chooser(draft& d) : d_(d), p_(d.of), plan_(d.made), leads_(d.leads) {}

    void choose() {
        formats();
        convert();
    }

private:
    struct variable {
        port_format may_be;
        bool is_set = false;
    };

    std::size_t variable_of(std::size_t part, const std::string& port, const port_card& c) {
        // All audio inputs of an element and the outputs that follow them have one format.
        const bool follows = std::any_of(plan_.parts[part].ports.begin(), plan_.parts[part].ports.end(),
                                         [](const port_card& o) { return !o.is_input && o.follows_input; });
        const bool grouped = follows && (c.is_input || c.follows_input);
        const auto key = std::pair(part, grouped ? std::string("*") : port);
        const auto found = variables_.find(key);
        if (found != variables_.end()) return found->second;
        variables_[key] = all_.size();
        variable v;
        if (grouped)
            for (const auto& o : plan_.parts[part].ports) {
                if (o.type == audio_type && (o.is_input || o.follows_input)) narrow(v.may_be, o.format);
            }
        else v.may_be = c.format;
        all_.push_back(std::move(v));
        return all_.size() - 1;
    }

    std::size_t variable_of(const boundary& b) {
        const auto found = outer_variables_.find(&b);
        if (found != outer_variables_.end()) return found->second;
        variable v;
        v.may_be = b.format;
        outer_variables_[&b] = all_.size();
        all_.push_back(std::move(v));
        return all_.size() - 1;
    }

    std::size_t from_variable(const lead& l) {
        return l.outer_from != nullptr ? variable_of(*l.outer_from)
                                       : variable_of(l.from->part, l.from->port, d_.card_of(*l.from));
    }
    std::size_t to_variable(const lead& l) {
        return l.outer_to != nullptr ? variable_of(*l.outer_to)
                                     : variable_of(l.to->part, l.to->port, d_.card_of(*l.to));
    }

    template <class T>
    static std::vector<std::uint32_t> domain(const std::vector<T>& wished,
                                             const std::vector<std::uint32_t>& usual) {
        if (wished.empty()) return usual;
        std::vector<std::uint32_t> all;
        // In the usual order of preference, and then whatever else was asked for.
        for (const auto u : usual)
            for (const auto& w : wished)
                if (static_cast<std::uint32_t>(w) == u) all.push_back(u);
        for (const auto& w : wished)
            if (std::find(all.begin(), all.end(), static_cast<std::uint32_t>(w)) == all.end())
                all.push_back(static_cast<std::uint32_t>(w));
        return all;
    }

    void formats() {
        std::vector<std::pair<std::size_t, std::size_t>> connected;
        for (const auto& l : leads_)
            if (l.type == audio_type) connected.emplace_back(from_variable(l), to_variable(l));
        // 16 kHz, mono, s16 is what speech needs: the choice where nothing decides.
        static const std::vector<std::uint32_t> rates = {16'000, 24'000, 48'000, 32'000,
                                                         44'100, 22'050, 12'000, 8'000};
        chooser rate, channel, code;
        for (const auto& v : all_) {
            rate.add(domain(v.may_be.rates, rates));
            channel.add(domain(v.may_be.channels, {1, 2}));
            code.add(domain(v.may_be.encodings, {0, 1}));
        }
        // A conversion of rates costs by the higher one, and less than two of whatever rates. Where there is
        // one, the channels and the encoding change at no further cost, so those are chosen afterwards.
        for (const auto& [a, b] : connected) rate.connect(a, b);
        const auto r = rate.solve([](std::uint32_t a, std::uint32_t b) {
            return a == b ? 0 : 100'000'000'000U + std::uint64_t{std::max(a, b)} * 1'000U;
        });
        const auto other = [](std::uint32_t a, std::uint32_t b) { return a == b ? 0U : 1'000'000U; };
        for (const auto& [a, b] : connected)
            if (r[a] == r[b]) channel.connect(a, b);
        const auto c = channel.solve(other);
        for (const auto& [a, b] : connected)
            if (r[a] == r[b] && c[a] == c[b]) code.connect(a, b);
        const auto e = code.solve(other);
        for (std::size_t i = 0; i < all_.size(); ++i)
            chosen_.emplace_back(r[i], static_cast<std::uint8_t>(c[i]), static_cast<encoding>(e[i]));
        for (const auto& b : p_.ports)
            if (b.type.text == audio_type && outer_variables_.contains(&b))
                plan_.formats.emplace_back(b.name.text, chosen_[outer_variables_[&b]]);
    }

    void convert() {
        const auto count = leads_.size();
        for (std::size_t i = 0; i < count; ++i) {
            if (leads_[i].type != audio_type) continue;
            const auto from = chosen_[from_variable(leads_[i])];
            const auto to = chosen_[to_variable(leads_[i])];
            d_.formats[i] = to;
            if (from == to) continue;
            ++plan_.conversions;
            const auto name = end_name(leads_[i], false) + "_convert";
            const auto made =
                d_.add_implied(part::kind::convert, name, std::string(audio_type), leads_[i].written->at);
            lead before = leads_[i];
            before.to = part_port{made, "in"};
            before.outer_to = nullptr;
            before.rank = leads_[i].rank - 1;
            leads_[i].from = part_port{made, "out"};
            leads_[i].outer_from = nullptr;
            d_.formats[leads_.size()] = from;
            d_.own_settings.insert(leads_.size());
            leads_.push_back(std::move(before));
        }
    }

    std::string end_name(const lead& l, bool from) const {
        const auto& outer = from ? l.outer_from : l.outer_to;
        return outer != nullptr ? outer->name.text : plan_.parts[(from ? l.from : l.to)->part].name;
    }

    draft& d_;
    const pipeline& p_;
    plan& plan_;
    std::vector<lead>& leads_;
    std::map<std::pair<std::size_t, std::string>, std::size_t> variables_;
    std::map<const boundary*, std::size_t> outer_variables_;
    std::vector<variable> all_;
    std::vector<audio_format> chosen_;
};

}  // namespace

void choose_formats(draft& d) { format_chooser(d).choose(); }

}  // namespace rtai::codegen
