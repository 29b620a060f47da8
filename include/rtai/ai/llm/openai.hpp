#pragma once

#include <rtai/ai/llm/answer.hpp>
#include <rtai/ai/llm/openai_model.hpp>
#include <rtai/ai/llm/openai_options.hpp>
#include <rtai/ai/tools/tool.hpp>
#include <rtai/core/result.hpp>
#include <rtai/core/task.hpp>
#include <rtai/data/moment.hpp>
#include <rtai/data/text.hpp>
#include <rtai/graph/element.hpp>
#include <rtai/graph/port.hpp>
#include <utility>

namespace rtai::llm {

/// Answers with a model of OpenAI's, or of any server that speaks the same: Qwen, DeepSeek, Gemini, vLLM,
/// llama.cpp, Ollama.
struct openai {
    using options = openai_options;

    openai() : openai(options()) {}
    explicit openai(options o) : options_(std::move(o)) {}

    static result<> available(const options& o) {
        if (auto good = check_openai(o); !good) return good;
        if (auto some = llm::tools().chosen(o.tools); !some) return some.error();
        return {};
    }

    input<text> in;
    input<image, if_wired> images;  ///< for the question that comes next
    output<text> out;
    output<moment> events;
    RTAI_DESCRIBE(openai, in, images, out, events)

    task<> run() {
        openai_model model(options_);
        answerer<openai_model> answers(model, answer_options_of(options_));
        co_await answers.run(in, out, events, &images);
    }

private:
    options options_;
};

}  // namespace rtai::llm

RTAI_ELEMENT(rtai::llm::openai,
             "Answers with a language model of OpenAI's, or of any server that speaks the same.");
