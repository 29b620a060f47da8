// Text as the head of an HTTP message: the answer to a client's handshake, a request to a server, and an
// address.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/ws/handshake.hpp>
#include <string>
#include <string_view>

namespace {

using namespace rtai;

void require(bool held) {
    if (!held) std::abort();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const std::string key = "dGhlIHNhbXBsZSBub25jZQ==";

    const auto head = ws::parse_answer(text);
    if (head) {
        require(head->status >= 100 && head->status <= 999);
        for (const auto& [name, value] : head->headers)
            require((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
        const auto agreed = ws::check_answer(*head, key, {"one", "two"});
        if (agreed) require(head->status == 101 && head->headers.find("Sec-WebSocket-Accept"));
        else require(!agreed.error().message().empty());

        ws::handshake_options o;
        o.protocols = {"one", "two"};
        o.origins = {"self", "https://example.com"};
        const auto answer = ws::answer_upgrade("GET", head->headers, o);
        require(answer.ok() || !answer.text.empty());
        require(answer.protocol.empty() || answer.protocol == "one" || answer.protocol == "two");
    } else {
        require(!head.error().message().empty());
    }

    const auto url = ws::parse_url(text.substr(0, text.find('\n')));
    if (url) {
        require(!url->host.empty() && url->port != 0 && url->target.starts_with('/'));
        const auto request = ws::upgrade_request(*url, key, {}, {});
        require(request && request->find("\r\n\r\n") == request->size() - 4);
        const auto again = ws::parse_url((url->secure ? "wss://" : "ws://") + url->authority() + url->target);
        require(again && again->host == url->host && again->port == url->port &&
                again->target == url->target);
    }
    return 0;
}
