#pragma once

#include <string>
#include <utility>

namespace rtai {

/// A text that no log, error or listing shows. Only `reveal` gives it, to what sends it where it belongs.
class secret {
public:
    secret() = default;
    explicit secret(std::string s) : hidden_(std::move(s)) {}

    const std::string& reveal() const noexcept { return hidden_; }
    bool empty() const noexcept { return hidden_.empty(); }

private:
    std::string hidden_;
};

}  // namespace rtai
