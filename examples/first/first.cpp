#include <chrono>
#include <cstdio>
#include <rtai/core.hpp>
#include <string>

using namespace rtai;
using namespace std::chrono_literals;

task<> listen(sender<std::string> out) {
    for (std::string word : {"good", "morning"}) {
        co_await sleep_for(100ms);
        if (!co_await out.send(std::move(word))) co_return;
    }
}

task<> answer(receiver<std::string> in) {
    while (auto word = co_await in.receive()) std::printf("heard: %s\n", word->c_str());
}

task<> conversation() {
    channel<std::string> words(8);
    co_await join(listen(words.sender()), answer(words.receiver()));
}

int main() { run(conversation()); }
