#pragma once

// Elements that hear, think and speak. Each header also stands alone.

#include <rtai/ai/llm/answer.hpp>
#include <rtai/ai/llm/answer_options.hpp>
#include <rtai/ai/llm/demo.hpp>
#include <rtai/ai/llm/model.hpp>
#include <rtai/ai/llm/openai.hpp>
#include <rtai/ai/memory/memory.hpp>
#include <rtai/ai/sentence_splitter.hpp>
#include <rtai/ai/sentences.hpp>
#include <rtai/ai/stt/openai.hpp>
#include <rtai/ai/stt/pocketsphinx.hpp>
#include <rtai/ai/stt/recogniser.hpp>
#include <rtai/ai/stt/transcriber.hpp>
#include <rtai/ai/tools/tool.hpp>
#ifdef RTAI_ESPEAK
#include <rtai/ai/tts/espeak.hpp>
#endif
#include <rtai/ai/tts/flite.hpp>
#include <rtai/ai/tts/openai.hpp>
#include <rtai/ai/tts/speaker.hpp>
#include <rtai/ai/turn/turn_machine.hpp>
#include <rtai/ai/turn/turn_taking.hpp>
#include <rtai/ai/vad/energy.hpp>
#include <rtai/ai/vad/silero.hpp>
#include <rtai/ai/vad/silero_model.hpp>
#include <rtai/ai/vad/speech_gate.hpp>
