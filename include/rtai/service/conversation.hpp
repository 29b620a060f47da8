#pragma once

#include <rtai/data/audio.hpp>
#include <rtai/data/control.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/picture.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/port.hpp>

namespace rtai::service {

/// What a conversation's pipeline may be connected to at the edge.
struct conversation {
    output<audio> audio_in;
    output<video> video_in;
    output<image> image_in;
    output<text> text_in;
    output<control> control_in;
    input<audio, if_wired> audio_out;
    input<video, if_wired> video_out;
    input<image, if_wired> image_out;
    named_inputs<text, if_wired> text_out;  ///< each under its name in the pipeline
    input<moment, if_wired> moment_out;
    input<control, if_wired> control_out;
    RTAI_DESCRIBE(conversation, audio_in, video_in, image_in, text_in, control_in, audio_out, video_out,
                  image_out, text_out, moment_out, control_out)
};

}  // namespace rtai::service
