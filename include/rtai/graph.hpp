#pragma once

// Elements, their ports and edges. Each header also stands alone.

#include <rtai/graph/any.hpp>
#include <rtai/graph/barge_in.hpp>
#include <rtai/graph/catalogue.hpp>
#include <rtai/graph/edge.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/elements.hpp>
#include <rtai/graph/format.hpp>
#include <rtai/graph/port.hpp>
#include <rtai/graph/speech.hpp>
#include <rtai/graph/timeline_picture.hpp>
#include <rtai/graph/turn.hpp>
#include <rtai/graph/turn_log.hpp>
#include <rtai/graph/waterfall.hpp>
