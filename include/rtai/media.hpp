#pragma once

// Sound: rates, formats, codecs, files. Each header also stands alone.

#include <rtai/media/convert.hpp>
#include <rtai/media/file.hpp>
#include <rtai/media/framer.hpp>
#include <rtai/media/g711.hpp>
#include <rtai/media/jitter.hpp>
#include <rtai/media/opus.hpp>
#include <rtai/media/pacer.hpp>
#include <rtai/media/resample.hpp>
#include <rtai/media/wav.hpp>
