#include "api/webhook_signature.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/digest.hpp"
#include "base/hmac.hpp"

namespace sequent::api {
namespace {

constexpr std::size_t most_signatures = 16;  // one for each secret that is rolled

struct Signed {
  std::string time;  // as it came: it is part of what is signed
  std::optional<std::int64_t> seconds;
  std::vector<std::string_view> signatures;
};

std::optional<std::int64_t> seconds_in(const std::string& text) {
  constexpr std::int64_t year_5138 = 100'000'000'000;  // more are milliseconds
  std::int64_t number = 0;
  const char* last = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || stop != last || number < 0) return std::nullopt;
  return number < year_5138 ? number : number / 1'000;
}

Signed read_headers(const SignatureRule& rule, const net::Headers& headers,
                    std::string_view value) {
  Signed out;
  if (!rule.timestamp_header.empty()) out.time = headers.value(rule.timestamp_header);
  // "v1,": a prefix may hold what else sets parts apart.
  std::string between = " ";
  for (const char mark : {',', ';'})
    if (rule.prefix.find(mark) == std::string::npos) between += mark;
  while (!value.empty()) {
    const auto end = std::min(value.find_first_of(between), value.size());
    const auto part = value.substr(0, end);
    value.remove_prefix(std::min(end + 1, value.size()));
    if (!rule.timestamp_prefix.empty() && part.starts_with(rule.timestamp_prefix)) {
      out.time = part.substr(rule.timestamp_prefix.size());
    } else if (part.size() > rule.prefix.size() && part.starts_with(rule.prefix) &&
               out.signatures.size() < most_signatures) {
      out.signatures.push_back(part.substr(rule.prefix.size()));
    }
  }
  out.seconds = seconds_in(out.time);
  return out;
}

bool is_timed(const SignatureRule& rule) {
  return !rule.timestamp_header.empty() || !rule.timestamp_prefix.empty();
}

std::string signed_text(const SignatureRule& rule, const net::Headers& headers,
                        const std::string& time, std::string_view body) {
  const std::string id = rule.id_header.empty() ? "" : headers.value(rule.id_header);
  const std::pair<std::string_view, std::string_view> values[] = {
      {"{body}", body}, {"{timestamp}", time}, {"{id}", id}};
  std::string text;
  std::string_view rest{rule.signs};
  while (!rest.empty()) {
    const auto found = std::find_if(std::begin(values), std::end(values), [rest](const auto& each) {
      return rest.starts_with(each.first);
    });
    if (found != std::end(values)) {
      text += found->second;
      rest.remove_prefix(found->first.size());
    } else {
      text += rest.front();
      rest.remove_prefix(1);
    }
  }
  return text;
}

bool matches_any(const SignatureRule& rule, const std::vector<std::string_view>& signatures,
                 const std::string& text, std::span<const std::string> secrets) {
  bool matches = false;
  for (const auto& secret : secrets) {
    const bool hex = rule.encoding == SignatureEncoding::hex;
    const std::string expected =
        hex ? hmac_sha256_hex(secret, text) : base64_encode(hmac_sha256(secret, text));
    // No early end: the time taken must not tell which secret or signature came close.
    for (const auto given : signatures) matches |= equal_constant_time(expected, given);
  }
  return matches;
}

}  // namespace

SignatureRule stripe_signature_rule(int tolerance_seconds) {
  SignatureRule rule;
  rule.header = "Stripe-Signature";
  rule.prefix = "v1=";
  rule.timestamp_prefix = "t=";
  rule.signs = "{timestamp}.{body}";
  rule.tolerance_seconds = tolerance_seconds;
  return rule;
}

Result<void> check_signature(const SignatureRule& rule, const net::Headers& headers,
                             std::string_view body, std::span<const std::string> secrets,
                             Timestamp now) {
  const auto* header = headers.find(rule.header);
  if (header == nullptr)
    return fail(ErrorCode::invalid_request, "Expected a " + rule.header +
                                                " header; none came. Only the sender that signs "
                                                "with our secret sends here.");
  const Signed given = read_headers(rule, headers, *header);
  if (is_timed(rule) && !given.seconds)
    return fail(ErrorCode::invalid_request,
                "Expected " +
                    (rule.timestamp_header.empty()
                         ? "a " + rule.header + " with `" + rule.timestamp_prefix + "<unix time>`"
                         : rule.timestamp_header + ": <unix time>") +
                    "; it has none.");
  if (given.signatures.empty())
    return fail(ErrorCode::invalid_request, "Expected a " + rule.header + " with `" + rule.prefix +
                                                "<signature>`; it has none.");
  if (!matches_any(rule, given.signatures, signed_text(rule, headers, given.time, body), secrets))
    return fail(ErrorCode::invalid_request,
                "The " + rule.header +
                    " fits none of the configured signing secrets. Check that the secret is that "
                    "of this endpoint, and that nothing between its sender and here rewrites the "
                    "body.");
  const std::int64_t age = is_timed(rule) ? now / 1'000 - *given.seconds : 0;
  if (age > rule.tolerance_seconds)
    return fail(ErrorCode::invalid_request, "The " + rule.header + " is " + std::to_string(age) +
                                                " s old; at most " +
                                                std::to_string(rule.tolerance_seconds) +
                                                " s are accepted. Check this machine's clock.");
  return {};
}

std::optional<std::string> flaw_of(const SignatureRule& rule) {
  const auto has = [&rule](const char* name) { return rule.signs.find(name) != std::string::npos; };
  if (rule.header.empty()) return "expected `header`: the name of the header with the signature";
  if (!has("{body}")) return "expected `signs` to hold {body}: else anybody's body would do";
  if (has("{timestamp}") && !is_timed(rule))
    return "`signs` holds {timestamp}: say where it is, `timestampHeader` or `timestampPrefix`";
  if (!has("{timestamp}") && is_timed(rule))
    return "expected `signs` to hold {timestamp}: a time that is not signed proves nothing";
  if (!rule.timestamp_header.empty() && !rule.timestamp_prefix.empty())
    return "expected `timestampHeader` or `timestampPrefix`, got both";
  if (has("{id}") && rule.id_header.empty())
    return "`signs` holds {id}: the id must come from a header then";
  return std::nullopt;
}

}  // namespace sequent::api
