#pragma once

// Elements that hear, think and speak. Each header also stands alone.

#include <rtai/ai/turn/turn_machine.hpp>
#include <rtai/ai/turn/turn_taking.hpp>
#include <rtai/ai/vad/energy.hpp>
#include <rtai/ai/vad/silero.hpp>
#include <rtai/ai/vad/silero_model.hpp>
#include <rtai/ai/vad/speech_gate.hpp>
