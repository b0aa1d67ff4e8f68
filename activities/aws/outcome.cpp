#include "activities/aws/outcome.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "activities/outcomes.hpp"

namespace sequent::activities::aws {

namespace {

template <std::size_t size>
using Words = std::array<std::string_view, size>;

// As the official SDKs group them.
// Of the codes below, those that ask for fewer requests; AWS says them with 400.
bool says_too_many(std::string_view code) {
  for (const std::string_view word :
       {"Throttl", "TooManyRequests", "LimitExceeded", "SlowDown", "ThroughputExceeded"})
    if (code.find(word) != std::string_view::npos) return true;
  return false;
}

constexpr Words<19> passing_codes = {"Throttling",
                                     "ThrottlingException",
                                     "ThrottledException",
                                     "RequestThrottled",
                                     "RequestThrottledException",
                                     "TooManyRequestsException",
                                     "ProvisionedThroughputExceededException",
                                     "TransactionInProgressException",
                                     "RequestLimitExceeded",
                                     "BandwidthLimitExceeded",
                                     "LimitExceededException",
                                     "SlowDown",
                                     "PriorRequestNotComplete",
                                     "KmsThrottled",
                                     "EC2ThrottledException",
                                     "RequestTimeout",
                                     "RequestTimeoutException",
                                     "InternalServiceErrorException",
                                     "InternalError"};
constexpr Words<8> authentication_codes = {"UnrecognizedClientException",
                                           "InvalidClientTokenId",
                                           "SignatureDoesNotMatch",
                                           "InvalidSignatureException",
                                           "IncompleteSignatureException",
                                           "MissingAuthenticationToken",
                                           "MissingAuthenticationTokenException",
                                           "NotAuthorized"};
constexpr Words<3> authorization_codes = {"AccessDenied", "AccessDeniedException", "OptInRequired"};
constexpr std::size_t max_shown_bytes = 300;

template <std::size_t size>
bool is_among(const Words<size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string message_of(const net::ClientResponse& response) {
  const auto body = parse_json(response.body);
  if (!body) return "";
  return text_of(*body, "message", text_of(*body, "Message"));
}

bool is_clock_off(const std::string& code, const std::string& message) {
  if (code == "RequestTimeTooSkewed" || code == "RequestExpired") return true;
  const bool signature = code == "InvalidSignatureException" || code == "SignatureDoesNotMatch";
  return signature && (message.starts_with("Signature expired") ||
                       message.starts_with("Signature not yet current"));
}

bool says_expired_credentials(const std::string& code, const std::string& message) {
  return (code == "ExpiredToken" || code == "ExpiredTokenException") &&
         lower(message).find("security token") != std::string::npos;
}

// A code is a fixed word; anything else could be text that somebody typed.
std::string plain_word(std::string word) {
  const bool plain =
      word.size() <= 80 && std::all_of(word.begin(), word.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_';
      });
  return plain ? word : "";
}

ErrorKind kind_of(const std::string& code, int status, bool renewable) {
  if (renewable || is_among(authentication_codes, code)) return ErrorKind::authentication;
  if (is_among(authorization_codes, code) || status == 403) return ErrorKind::authorization;
  return ErrorKind::communication;
}

Failure not_aws(const std::string& operation, const net::ClientResponse& response, Timestamp now,
                Repeat repeat) {
  Failure failure;
  failure.outcome = repeat == Repeat::harmless ? Outcome::transient : Outcome::unknown;
  failure.problem = provider_problem(
      "aws", ErrorKind::communication, response.status, "Not AWS's answer",
      "expected JSON for " + operation + ", got " +
          (looks_like_html(response.body) ? "an HTML page" : "something else") + " with status " +
          std::to_string(response.status) + ": a proxy in between may have answered");
  failure.retry_after_ms = retry_after_ms(response.headers, now);
  return failure;
}

Failure refusal(const std::string& operation, const net::ClientResponse& response,
                const std::string& code, Timestamp now, Repeat repeat) {
  const std::string message = message_of(response);
  const std::string request_id = response.headers.value("x-amzn-RequestId");
  const bool renewable = says_expired_credentials(code, message);
  const bool clock_off = is_clock_off(code, message);
  const ErrorKind kind = kind_of(code, response.status, renewable);

  std::string detail = "AWS answered " + operation + " with " + std::to_string(response.status) +
                       (code.empty() ? "" : " " + code);
  // What AWS says of a signature repeats the request, the session token in it included.
  if (!message.empty() && kind != ErrorKind::authentication)
    detail += ": " + message.substr(0, max_shown_bytes);
  if (clock_off) detail += ": this machine's clock is off by minutes; set it right";
  if (!request_id.empty()) detail += " (request " + request_id + ")";

  Failure failure;
  const bool passing = is_among(passing_codes, code) || response.status == 429 ||
                       response.status >= 500 || renewable || clock_off;
  failure.outcome = passing ? Outcome::transient : Outcome::permanent;
  if (response.status >= 500 && repeat == Repeat::guarded) failure.outcome = Outcome::unknown;
  failure.problem = provider_problem("aws", kind, response.status, code.empty() ? "Refused" : code,
                                     std::move(detail));
  if (!code.empty()) failure.problem.extensions["code"] = code;
  if (!request_id.empty()) failure.problem.extensions["requestId"] = request_id;
  failure.retry_after_ms = retry_after_ms(response.headers, now);
  failure.throttled = failure.outcome == Outcome::transient && says_too_many(code);
  return failure;
}

}  // namespace

std::string error_code(const net::ClientResponse& response) {
  const auto body = parse_json(response.body);
  std::string code = body ? text_of(*body, "__type") : "";
  if (code.empty()) code = response.headers.value("x-amzn-ErrorType");
  if (const auto hash = code.rfind('#'); hash != std::string::npos) code.erase(0, hash + 1);
  return plain_word(code.substr(0, code.find(':')));
}

bool expired_credentials(const net::ClientResponse& response) {
  return says_expired_credentials(error_code(response), message_of(response));
}

std::expected<Json, Failure> outcome_of(const std::string& operation,
                                        const net::ClientResult& result, Timestamp now,
                                        Repeat repeat) {
  if (!result) return std::unexpected(transport_failure("aws", result.error(), repeat));
  const net::ClientResponse& response = *result;
  const bool good = response.status >= 200 && response.status <= 299;
  if (good && response.body.empty()) return Json::object();
  auto body = parse_json(response.body);
  const bool readable = body && body->is_object();
  if (good && readable) return std::move(*body);
  const std::string code = error_code(response);
  if (good || (!readable && code.empty()))
    return std::unexpected(not_aws(operation, response, now, repeat));
  return std::unexpected(refusal(operation, response, code, now, repeat));
}

}  // namespace sequent::activities::aws
