#pragma once

#include <string_view>

// The pages are HTML files that are also C++ literals: the first line opens the literal, the last closes it.

namespace rtai::gateway {

/// Where a person talks to the machine.
inline std::string_view talk_page() noexcept {
    static constexpr std::string_view page =
#include <rtai/gateway/page/talk.html.inc>
        ;
    return page;
}

/// Where an operator sees the sessions.
inline std::string_view operator_page() noexcept {
    static constexpr std::string_view page =
#include <rtai/gateway/page/operator.html.inc>
        ;
    return page;
}

}  // namespace rtai::gateway
