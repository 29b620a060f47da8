/* The same chain of GStreamer's identity elements, which look at each buffer and hand it on:
   gstreamer_chain push|queue prints nanoseconds an element. With "queue", each element runs on a thread of its own. */
#include <gst/gst.h>
#include <stdio.h>
#include <string.h>

enum { elements = 8, capacity = 64, frame_bytes = 640 };

static gboolean lost = FALSE;
static guint64 expected = 0;
static GMutex mutex;
static GCond finished;
static gboolean done = FALSE;

static GstFlowReturn take(GstPad* pad, GstObject* parent, GstBuffer* frame) {
    (void)pad, (void)parent;
    lost |= GST_BUFFER_OFFSET(frame) != expected++ || gst_buffer_get_size(frame) != frame_bytes;
    gst_buffer_unref(frame);
    return GST_FLOW_OK;
}

static gboolean hear(GstPad* pad, GstObject* parent, GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
        g_mutex_lock(&mutex);
        done = TRUE;
        g_cond_signal(&finished);
        g_mutex_unlock(&mutex);
    }
    return gst_pad_event_default(pad, parent, event);
}

static GstElement* add(GstElement* pipeline, const char* kind) {
    GstElement* e = gst_element_factory_make(kind, NULL);
    gst_bin_add(GST_BIN(pipeline), e);
    return e;
}

static GstPad* own_pad(const char* name, GstPadDirection direction) {
    GstPad* pad = gst_pad_new(name, direction);
    if (direction == GST_PAD_SINK) {
        gst_pad_set_chain_function(pad, take);
        gst_pad_set_event_function(pad, hear);
    }
    gst_pad_set_active(pad, TRUE);
    return pad;
}

static GstBufferPool* make_pool(void) {
    GstBufferPool* pool = gst_buffer_pool_new();
    GstStructure* config = gst_buffer_pool_get_config(pool);
    gst_buffer_pool_config_set_params(config, NULL, frame_bytes, 1, 0);
    gst_buffer_pool_set_config(pool, config);
    gst_buffer_pool_set_active(pool, TRUE);
    return pool;
}

static void push(GstPad* out, GstBufferPool* pool, guint64 from, guint64 to) {
    for (guint64 i = from; i < to; ++i) {
        GstBuffer* frame = NULL;
        gst_buffer_pool_acquire_buffer(pool, &frame, NULL);
        GST_BUFFER_OFFSET(frame) = i;
        gst_pad_push(out, frame);
    }
}

int main(int count, char** words) {
    gst_init(&count, &words);
    const gboolean queued = count > 1 && strcmp(words[1], "queue") == 0;
    const guint64 messages = queued ? 20000 : 50000, warm = messages / 10;

    GstElement* pipeline = gst_pipeline_new(NULL);
    GstElement *first = NULL, *last = NULL;
    for (int i = 0; i < elements; ++i) {
        GstElement* queue = queued ? add(pipeline, "queue") : NULL;
        GstElement* element = add(pipeline, "identity");
        g_object_set(element, "silent", TRUE, "signal-handoffs", FALSE, NULL);
        if (queue) {
            g_object_set(queue, "max-size-buffers", capacity, "max-size-bytes", 0, "max-size-time", G_GUINT64_CONSTANT(0), NULL);
            gst_element_link(queue, element);
        }
        if (last) gst_element_link(last, queue ? queue : element);
        if (!first) first = queue ? queue : element;
        last = element;
    }
    GstPad *out = own_pad("src", GST_PAD_SRC), *in = own_pad("sink", GST_PAD_SINK);
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
    const double nanoseconds = (double)(g_get_monotonic_time() - begin) * 1000;

    if (lost || expected != warm + messages) return fprintf(stderr, "lost or swapped a message\n"), 1;
    printf("%f\n", nanoseconds / (double)messages / elements);
    return 0;
}
