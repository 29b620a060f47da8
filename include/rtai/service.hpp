#pragma once

// Services and the program around them. Each header also stands alone.

#include <rtai/service/host.hpp>
#include <rtai/service/job.hpp>
#include <rtai/service/kinds.hpp>
#include <rtai/service/layers.hpp>
#include <rtai/service/lines.hpp>
#include <rtai/service/program.hpp>
