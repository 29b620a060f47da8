#pragma once

#include <cstddef>
#include <cstdlib>
#include <rtai/data/secret.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What the client is asked to do.

inline constexpr const char* usage =
    R"(assistant_client: talks to a voice assistant over gRPC

  assistant_client --wav FILE      says a recording, as fast as a person would
  assistant_client --text WORDS    says words, and waits for the answer; may be repeated
  assistant_client                 says what is typed, line by line

  --server HOST:PORT     the assistant (default: localhost:50051)
  --save FILE            writes the answer as WAV, without its pauses
  --play                 plays the answer, with aplay
  --key KEY              an API key (or set ASSISTANT_KEY, which other users do not see)
  --token TOKEN          a JWT (or set ASSISTANT_TOKEN)
  --tls                  speaks TLS, and believes whom the system trusts
  --tls-authority FILE   speaks TLS, and believes who is in this PEM file

It ends with 0 after a conversation, 1 if there was none or it broke off, 2 for wrong arguments.
)";

struct client_options {
    std::string server = "localhost:50051";
    std::string wav;
    std::vector<std::string> texts;
    std::string save;
    bool play = false;
    rtai::secret key;
    rtai::secret token;
    bool tls = false;
    std::string tls_authority;
    bool help = false;

    bool typed() const noexcept { return wav.empty() && texts.empty(); }
};

/// Takes one that has a value. False: there is none of this name.
inline bool take_option(client_options& o, std::string_view name, const std::string& value) {
    if (name == "--server") o.server = value;
    else if (name == "--wav") o.wav = value;
    else if (name == "--text") o.texts.push_back(value);
    else if (name == "--save") o.save = value;
    else if (name == "--key") o.key = rtai::secret(value);
    else if (name == "--token") o.token = rtai::secret(value);
    else if (name == "--tls-authority") o.tls_authority = value;
    else return false;
    return true;
}

/// What is wrong; empty: nothing.
inline std::string read_options(client_options& o, std::span<char*> arguments) {
    if (const char* key = std::getenv("ASSISTANT_KEY")) o.key = rtai::secret(key);
    if (const char* token = std::getenv("ASSISTANT_TOKEN")) o.token = rtai::secret(token);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string name = arguments[i];
        const std::string value = i + 1 < arguments.size() ? arguments[i + 1] : "";
        if (name == "--help" || name == "-h") o.help = true;
        else if (name == "--play") o.play = true;
        else if (name == "--tls") o.tls = true;
        else if (!take_option(o, name, value)) return "there is no '" + name + "'";
        else if (value.empty()) return name + " needs a value";
        else ++i;
    }
    const auto colon = o.server.rfind(':');
    if (colon == std::string::npos || colon + 1 == o.server.size())
        return "--server needs a port, such as " + o.server.substr(0, colon) + ":50051";
    o.tls = o.tls || !o.tls_authority.empty();
    if (!o.wav.empty() && !o.texts.empty()) return "--wav and --text: give one of them";
    if (!o.key.empty() && !o.token.empty()) return "a key and a token: give one of them";
    return {};
}
