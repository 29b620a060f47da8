#pragma once

#include <rtai/core/race.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/describe.hpp>
#include <rtai/data/schema.hpp>
#include <rtai/graph/catalogue.hpp>
#include <rtai/service/host.hpp>
#include <string_view>

namespace rtai::service {

/// Runs a pipeline that has no ports of its own, once, from when the program starts.
struct job {
    struct session_options {
        pipeline_name pipeline;
        RTAI_DESCRIBE(session_options, pipeline)
        static void notes(rtai::notes<session_options>& about) {
            about(&session_options::pipeline, "the pipeline to run", required);
        }
    };
    struct options {
        session_options session;
        RTAI_DESCRIBE(options, session)
        static void notes(rtai::notes<options>& about) { about(&options::session, "what to run", required); }
    };
    struct session {
        RTAI_DESCRIBE(session)
    };

    template <class Pipeline, class Wire>
    static task<> serve(host& h, std::string_view, options, typename Pipeline::options with, Wire) {
        Pipeline pipeline{with};
        // Asked to end, there is nothing to wait for: whatever the job has made by then is what it made.
        co_await race(pipeline.run(), h.stopping().wait());
    }
};
RTAI_SERVICE(job, "Runs a pipeline once.");

}  // namespace rtai::service
