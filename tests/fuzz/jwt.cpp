// Bytes as a token, and as the header and the claims of one that is well signed: whatever comes, it is taken
// or refused; what is taken keeps the rules, and is refused with any letter of it changed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <rtai/auth/jwt.hpp>
#include <string>
#include <string_view>

using namespace rtai::auth;

namespace {

constexpr calendar_time noon{std::chrono::seconds(1'800'000'000)};

void check(std::string token, const jwt_rules& rules, const std::vector<key>& keys) {
    const auto read = verify_jwt(token, rules, keys, noon);
    if (!read) {
        if (read.error().code.category() != token_faults() || read.error().message().size() > 200)
            std::abort();
        return;
    }
    if (token.size() > rules.most_bytes || read->all.size() > rules.most_claims) std::abort();
    if (read->expires + rules.leeway < noon || read->issuer != rules.issuer) std::abort();
    const auto at = read->all.size() * 7 % token.size();
    token[at] = token[at] == 'A' ? 'B' : 'A';
    if (verify_jwt(token, rules, keys, noon)) std::abort();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name libFuzzer looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<key> keys{*key::of_secret(rtai::secret("0123456789abcdef0123456789abcdef"))};
    jwt_rules rules;
    rules.issuer = "i";
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(std::string(text), rules, keys);
    const auto end = std::min(text.find('\n'), size);
    const auto parts = rtai::auth::detail::to_base64url(text.substr(0, end)) + "." +
                       rtai::auth::detail::to_base64url(text.substr(std::min(end + 1, size)));
    check(parts + "." + rtai::auth::detail::to_base64url(*keys[0].sign(parts)), rules, keys);
    // base64url has one text for each run of bytes.
    if (const auto bytes = rtai::auth::detail::from_base64url(text))
        if (rtai::auth::detail::to_base64url(*bytes) != text) std::abort();
    return 0;
}
