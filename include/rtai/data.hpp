#pragma once

// What flows through a graph, and values with types and places. Each header also stands alone.

#include <rtai/data/audio.hpp>
#include <rtai/data/base64.hpp>
#include <rtai/data/check.hpp>
#include <rtai/data/config.hpp>
#include <rtai/data/control.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/json.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/nearest.hpp>
#include <rtai/data/packet.hpp>
#include <rtai/data/picture.hpp>
#include <rtai/data/problem.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/data/secret.hpp>
#include <rtai/data/stamp.hpp>
#include <rtai/data/stream.hpp>
#include <rtai/data/text.hpp>
#include <rtai/data/units.hpp>
#include <rtai/data/utf8.hpp>
#include <rtai/data/value.hpp>
#include <rtai/data/variables.hpp>
#include <rtai/data/yaml.hpp>
