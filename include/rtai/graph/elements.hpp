#pragma once

// The elements that need nothing but files and time. Each header also stands alone.

#include <rtai/graph/elements/console_sink.hpp>
#include <rtai/graph/elements/convert.hpp>
#include <rtai/graph/elements/counter.hpp>
#include <rtai/graph/elements/delay.hpp>
#include <rtai/graph/elements/file_sink.hpp>
#include <rtai/graph/elements/file_source.hpp>
#include <rtai/graph/elements/filter.hpp>
#include <rtai/graph/elements/g711_decode.hpp>
#include <rtai/graph/elements/g711_encode.hpp>
#include <rtai/graph/elements/map.hpp>
#include <rtai/graph/elements/merge.hpp>
#include <rtai/graph/elements/opus_decode.hpp>
#include <rtai/graph/elements/opus_encode.hpp>
#include <rtai/graph/elements/pacer.hpp>
#include <rtai/graph/elements/pass.hpp>
#include <rtai/graph/elements/recorder.hpp>
#include <rtai/graph/elements/tee.hpp>
#include <rtai/graph/elements/text_source.hpp>
#include <rtai/graph/elements/throttle.hpp>
#include <rtai/graph/elements/timeline.hpp>
#include <rtai/graph/elements/tone.hpp>
#include <rtai/graph/elements/turns.hpp>
#include <rtai/graph/elements/valve.hpp>
#include <rtai/graph/elements/wav_sink.hpp>
#include <rtai/graph/elements/wav_source.hpp>
