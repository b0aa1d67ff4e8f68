#include "api/stripe_signature.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/digest.hpp"

namespace sequent::api {
namespace {

struct Signature {
  std::string_view time;  // as it came: it is part of what is signed
  std::optional<std::int64_t> seconds;
  std::vector<std::string_view> v1;
};

Signature read_header(std::string_view header) {
  Signature signature;
  constexpr std::size_t most_signatures = 16;  // Stripe sends one for each secret that is rolled
  while (!header.empty()) {
    const auto end = std::min(header.find(','), header.size());
    auto part = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (part.starts_with("t=")) {
      signature.time = part.substr(2);
      std::int64_t seconds = 0;
      const char* last = signature.time.data() + signature.time.size();
      const auto [stop, error] = std::from_chars(signature.time.data(), last, seconds);
      if (error == std::errc{} && stop == last && seconds >= 0) signature.seconds = seconds;
    } else if (part.starts_with("v1=") && signature.v1.size() < most_signatures) {
      signature.v1.push_back(part.substr(3));
    }
  }
  return signature;
}

}  // namespace

Result<void> check_stripe_signature(std::string_view header, std::string_view body,
                                    std::span<const std::string> secrets, Timestamp now,
                                    int tolerance_seconds) {
  const Signature signature = read_header(header);
  if (!signature.seconds)
    return fail(ErrorCode::invalid_request,
                "Expected a Stripe-Signature with `t=<unix time>`; it has none.");
  if (signature.v1.empty())
    return fail(ErrorCode::invalid_request,
                "Expected a Stripe-Signature with `v1=<signature>`; it has none.");
  std::string signed_text{signature.time};
  signed_text += '.';
  signed_text += body;
  bool matches = false;
  for (const auto& secret : secrets) {
    const std::string expected = hmac_sha256_hex(secret, signed_text);
    // No early end: the time taken must not tell which secret or signature came close.
    for (const auto given : signature.v1) matches |= equal_constant_time(expected, given);
  }
  if (!matches)
    return fail(ErrorCode::invalid_request,
                "The Stripe-Signature fits none of the configured signing secrets. Check that the "
                "secret is that of this endpoint, and that nothing between Stripe and here "
                "rewrites the body.");
  const std::int64_t age = now / 1'000 - *signature.seconds;
  if (age > tolerance_seconds)
    return fail(ErrorCode::invalid_request, "The Stripe-Signature is " + std::to_string(age) +
                                                " s old; at most " +
                                                std::to_string(tolerance_seconds) +
                                                " s are accepted. Check this machine's clock.");
  return {};
}

}  // namespace sequent::api
