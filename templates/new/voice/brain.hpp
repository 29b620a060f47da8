#pragma once

#include <rtai/ai/llm/answer.hpp>
#include <rtai/graph.hpp>
#include <string>
#include <utility>

namespace my {

/// What is answered: an element of your own. `answerer` does what each of this kind needs: it waits for
/// questions, remembers the conversation, and ends an answer that is interrupted.
class brain {
public:
    struct options {
        std::string name = "nobody";
        RTAI_DESCRIBE(options, name)

        static void notes(rtai::notes<options>& about) { about(&options::name, "what it calls itself"); }
    };

    explicit brain(options o) : options_(std::move(o)) {}

    rtai::input<rtai::text> in;
    rtai::output<rtai::text> out;
    rtai::output<rtai::moment> events;
    RTAI_DESCRIBE(brain, in, out, events)

    rtai::task<> run() {
        rtai::llm::answerer<brain> answers(*this, rtai::llm::answer_options());
        co_await answers.run(in, out, events);
    }

    /// Is asked with all of the conversation, and sends its answer in pieces of any length.
    rtai::task<rtai::result<rtai::llm::reply>> ask(rtai::llm::request asked,
                                                   rtai::sender<std::string> words) {
        std::string answer = answer_to(asked.messages.back().words);
        (void)co_await words.send(std::move(answer));
        co_return rtai::llm::reply();
    }

private:
    /// Yours to change.
    std::string answer_to(const std::string& said) const {
        const auto has = [&said](const char* word) { return said.find(word) != std::string::npos; };
        if (has("name")) return "My name is " + options_.name + ".";
        if (has("hello")) return "Hello! Ask me for my name.";
        return "You said: " + said + ". Teach me more, in the file brain.";
    }

    options options_;
};

}  // namespace my

RTAI_ELEMENT(my::brain, "Answers what was said.");
