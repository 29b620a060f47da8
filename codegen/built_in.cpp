// Everything that rtai has, derived from its headers: whoever adds an element to rtai/graph.hpp or
// rtai/ai.hpp, or a service to rtai/service.hpp has added it here.
#define RTAI_CATALOGUE
#include <rtai/ai.hpp>
#include <rtai/graph.hpp>
#include <rtai/observe/options.hpp>
#include <rtai/service.hpp>
#include <rtai/service/kinds.hpp>

#include "catalogue.hpp"

namespace rtai::codegen {

std::vector<card> built_in_cards() { return rtai::catalogue(); }

std::vector<port_card> built_in_streams() {
    return {rtai::detail::card_of_port<input<audio>>(""),  rtai::detail::card_of_port<input<text>>(""),
            rtai::detail::card_of_port<input<moment>>(""), rtai::detail::card_of_port<input<control>>(""),
            rtai::detail::card_of_port<input<image>>(""),  rtai::detail::card_of_port<input<video>>(""),
            rtai::detail::card_of_port<input<packet>>("")};
}

schema store_schema() {
    schema all(schema::kind::map);
    all.item.push_back(schema_of<rtai::service::store_options>());
    return all;
}

schema observe_schema() { return schema_of<rtai::observe::observe_options>(); }

}  // namespace rtai::codegen
