#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plan.hpp"

// A plan in the making, and the steps that make it.

namespace rtai::codegen {

inline constexpr std::string_view audio_type = "rtai::audio";

/// A wire of the plan, before formats and queues: from and to a part, or the pipeline's own port.
struct lead {
    std::optional<part_port> from, to;
    const boundary* outer_from = nullptr;
    const boundary* outer_to = nullptr;
    const wire* written = nullptr;  ///< the wire that asked for it
    int rank = 0;                   ///< before (-1) or behind (1) that wire's own
    std::string type;
};

struct draft {
    draft(const spec& s, const pipeline& p, const known& k, const plans& before);

    /// A part that the spec does not have; its number.
    std::size_t add_implied(part::kind k, const std::string& name, const std::string& type, const place& at);
    const port_card& card_of(const part_port& p) const;

    const pipeline& of;
    const known& catalogue;
    plan made;
    std::vector<lead> leads;
    std::set<std::size_t> own_settings;  ///< leads that the plan put in: a wire's settings are not theirs
    std::map<std::size_t, audio_format> formats;  ///< of leads that carry audio

private:
    void add_element(const spec& s, const element& e, const plans& before);
    std::string unused(const std::string& wanted) const;
};

/// What both agree on, where they do.
void narrow(port_format& a, const port_format& b);

/// Leads between the parts: an output with several wires gets a tee, and a port of the pipeline a pass where
/// it can not simply be handed over.
void lay_leads(draft& d);

/// The format of each stream of audio, with the fewest and cheapest conversions, and those conversions.
void choose_formats(draft& d);

/// A queue for each input, and the ports of the pipeline that are an element's own.
void make_queues(draft& d);

/// Sound that is made in a graph need not be dropped there: its maker waits for room. What comes from a
/// service is live, and drops by its type.
void let_wait(const spec& s, plans& made);

}  // namespace rtai::codegen
