#pragma once

#include "../support/sheet.hpp"

namespace bench {

// Each in a file of its own.
void grpc_stream(sheet&);
void websocket(sheet&);
void idle_memory(sheet&);
void set_up(sheet&);
void sound(sheet&);
void telling(sheet&);
void hot_path(sheet&);

}  // namespace bench
