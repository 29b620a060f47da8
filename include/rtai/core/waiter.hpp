#pragma once

#include <rtai/core/detail/runnable.hpp>

// For awaits of one's own that take part in `race` like those of the core, without a coroutine for each.

namespace rtai {

using detail::observer;
using detail::waiter;

}  // namespace rtai
