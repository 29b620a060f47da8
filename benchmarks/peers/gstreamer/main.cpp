// The same chain of GStreamer's identity elements, which look at each buffer and hand it on:
// gstreamer_chain push|queue prints nanoseconds an element. With "queue", each runs on a thread of its own.
#include <gst/gst.h>

#include <cstdio>
#include <cstring>

namespace {

constexpr int elements = 8;
constexpr int capacity = 64;
constexpr guint frame_bytes = 640;

bool lost = false;
guint64 expected = 0;
GMutex mutex;
GCond finished;
bool done = false;

GstFlowReturn take(GstPad*, GstObject*, GstBuffer* frame) {
    lost = lost || GST_BUFFER_OFFSET(frame) != expected++ || gst_buffer_get_size(frame) != frame_bytes;
    gst_buffer_unref(frame);
    return GST_FLOW_OK;
}

gboolean hear(GstPad* pad, GstObject* parent, GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
        g_mutex_lock(&mutex);
        done = true;
        g_cond_signal(&finished);
        g_mutex_unlock(&mutex);
    }
    return gst_pad_event_default(pad, parent, event);
}

GstElement* add(GstElement* pipeline, const char* kind) {
    GstElement* e = gst_element_factory_make(kind, nullptr);
    gst_bin_add(GST_BIN(pipeline), e);
    return e;
}

GstPad* own_pad(const char* name, GstPadDirection direction) {
    GstPad* pad = gst_pad_new(name, direction);
    if (direction == GST_PAD_SINK) {
        gst_pad_set_chain_function(pad, take);
        gst_pad_set_event_function(pad, hear);
    }
    gst_pad_set_active(pad, TRUE);
    return pad;
}

GstBufferPool* make_pool(void) {
    GstBufferPool* pool = gst_buffer_pool_new();
    GstStructure* config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, nullptr, frame_bytes, 1, 0);
    gst_buffer_pool_set_config(pool, config);
    gst_buffer_pool_set_active(pool, TRUE);
    return pool;
}

void push(GstPad* out, GstBufferPool* pool, guint64 from, guint64 to) {
    for (guint64 i = from; i < to; ++i) {
        GstBuffer* frame = nullptr;
        gst_buffer_pool_acquire_buffer(pool, &frame, nullptr);
        GST_BUFFER_OFFSET(frame) = i;
        gst_pad_push(out, frame);
    }
}

}  // namespace

int main(int count, char** words) {
    gst_init(&count, &words);
    const bool queued = count > 1 && std::strcmp(words[1], "queue") == 0;
    const guint64 messages = queued ? 20000 : 50000;
    const guint64 warm = messages / 10;

    GstElement* pipeline = gst_pipeline_new(nullptr);
    GstElement* first = nullptr;
    GstElement* last = nullptr;
    for (int i = 0; i < elements; ++i) {
        GstElement* queue = queued ? add(pipeline, "queue") : nullptr;
        GstElement* element = add(pipeline, "identity");
        g_object_set(element, "silent", TRUE, "signal-handoffs", FALSE, nullptr);
        if (queue) {
            g_object_set(queue, "max-size-buffers", capacity, "max-size-bytes", 0, "max-size-time",
                         G_GUINT64_CONSTANT(0), nullptr);
            gst_element_link(queue, element);
        }
        if (last) gst_element_link(last, queue ? queue : element);
        if (!first) first = queue ? queue : element;
        last = element;
    }
    GstPad* out = own_pad("src", GST_PAD_SRC);
    GstPad* in = own_pad("sink", GST_PAD_SINK);
    gst_pad_link(out, gst_element_get_static_pad(first, "sink"));
    gst_pad_link(gst_element_get_static_pad(last, "src"), in);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);

    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    gst_pad_push_event(out, gst_event_new_stream_start("chain"));
    gst_pad_push_event(out, gst_event_new_caps(gst_caps_new_empty_simple("audio/x-raw")));
    gst_pad_push_event(out, gst_event_new_segment(&segment));
    GstBufferPool* pool = make_pool();
    push(out, pool, 0, warm);

    const gint64 begin = g_get_monotonic_time();
    push(out, pool, warm, warm + messages);
    gst_pad_push_event(out, gst_event_new_eos());
    g_mutex_lock(&mutex);
    while (!done) g_cond_wait(&finished, &mutex);
    g_mutex_unlock(&mutex);
    const double nanoseconds = static_cast<double>(g_get_monotonic_time() - begin) * 1000;

    if (lost || expected != warm + messages) {
        std::fprintf(stderr, "lost or swapped a message\n");
        return 1;
    }
    std::printf("%f\n", nanoseconds / static_cast<double>(messages) / elements);
}
