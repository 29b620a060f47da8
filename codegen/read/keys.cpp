#include "read.hpp"

namespace rtai::codegen {

const std::vector<key> spec_keys = {
    {"rtai", "The version of the language: 1"},
    {"name", "The program's name; its code is in a namespace of that name"},
    {"about", "What it is, in a sentence"},
    {"import", "Other specs, whose pipelines and services can be used here"},
    {"headers", "C++ headers of yours that the program includes, for instance with tools"},
    {"pipelines", "Graphs of elements, by name"},
    {"services", "What runs pipelines for sessions, by name"},
    {"processes", "Which services run together; without it, all of them do"},
    {"stores", "Where sessions and messages are kept, by name"},
    {"observe", "Logs, metrics and traces"},
};
const std::vector<key> pipeline_keys = {
    {"about", "What it does, in a sentence"},    {"in", "Streams that come from outside, by name"},
    {"out", "Streams that go outside, by name"}, {"elements", "What works on the streams, by name"},
    {"flow", "The wires: a -> b -> c"},          {"barge_in", "When speech interrupts what is being said"},
    {"turn", "When a turn begins and ends"},
};
const std::vector<key> port_keys = {
    {"type", "audio, text, moment, control, image, video, packet, or a C++ type"},
    {"rate", "The sample rate of audio, such as 16kHz"},
    {"channels", "1 or 2"},
    {"encoding", "s16 or f32"},
};
const std::vector<key> element_keys = {
    {"use", "The element's name in the catalogue, a C++ name, or a pipeline"},
    {"from", "The header that declares it, for an element of your own"},
    {"function", "The C++ function that works on each value"},
    {"when", "true or false, known at start: without it, streams pass this element by"},
    {"otherwise", "The element to use if this one can not work here"},
};
const std::vector<key> line_keys = {
    {"line", "The wires: a -> b -> c"},
    {"capacity", "How many values wait in each of these wires at most"},
    {"policy", "What happens when a wire is full"},
};
const std::vector<key> process_keys = {
    {"run", "The services that run in this process"},
    {"reach", "Where services of other processes are: host:port, by name"},
};
const std::vector<std::string> policies = {"block", "drop_oldest", "drop_newest", "latest"};

}  // namespace rtai::codegen
