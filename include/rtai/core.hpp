#pragma once

// The ground floor: coroutines, channels, shards and time. Include single headers to build faster;
// rtai/core/asio.hpp (for programs with Asio coroutines of their own) and rtai/core/sim.hpp (simulation)
// are not part of this.

#include <rtai/core/asio_driver.hpp>
#include <rtai/core/background.hpp>
#include <rtai/core/buffer.hpp>
#include <rtai/core/channel.hpp>
#include <rtai/core/clock.hpp>
#include <rtai/core/cross_channel.hpp>
#include <rtai/core/event.hpp>
#include <rtai/core/id.hpp>
#include <rtai/core/inherited.hpp>
#include <rtai/core/io.hpp>
#include <rtai/core/join.hpp>
#include <rtai/core/lanes.hpp>
#include <rtai/core/offload.hpp>
#include <rtai/core/race.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/run.hpp>
#include <rtai/core/runtime.hpp>
#include <rtai/core/scope.hpp>
#include <rtai/core/shard.hpp>
#include <rtai/core/task.hpp>
#include <rtai/core/timeout.hpp>
#include <rtai/core/timer.hpp>
#include <rtai/core/version.hpp>
#include <rtai/core/waiter.hpp>
#include <rtai/core/with.hpp>
