#include "activities/flexprice/outcome.hpp"

#include <cctype>

#include "activities/json_api.hpp"

namespace sequent::activities::flexprice {

namespace {

// Codes are fixed words; anything else could be text that somebody typed.
std::string code_word(const Json& error) {
  const std::string word = text_of(error, "code");
  const bool is_word =
      word.size() <= 80 && std::all_of(word.begin(), word.end(), [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
      });
  return is_word ? word : "";
}

// The one refusal that a workflow must tell from others of its code: it passes as soon as somebody
// adds a price to the plan, and Flexprice says so in words alone.
std::string reason_of(const Json& error) {
  const std::string message = lower(text_of(error, "message"));
  const bool about_prices = message.find("no prices found") != std::string::npos ||
                            message.find("no valid prices found") != std::string::npos;
  return about_prices ? "no_prices" : "";
}

ErrorKind kind_of(int status) {
  if (status == 401) return ErrorKind::authentication;
  if (status == 403) return ErrorKind::authorization;
  return ErrorKind::communication;
}

Outcome class_of(int status, const std::string& code, Repeat repeat) {
  if (status == 429 || status == 503) return Outcome::transient;
  if (status == 409 && code == "version_conflict") return Outcome::transient;
  if (status == 501 || (status < 500 && status != 408)) return Outcome::permanent;
  return repeat == Repeat::harmless ? Outcome::transient : Outcome::unknown;
}

Failure refusal(const Asked& asked, const net::ClientResponse& response, const Json& error) {
  const std::string code = code_word(error);
  const std::string reason = reason_of(error);
  std::string detail = "Flexprice answered " + asked.method + " " + asked.path + " with " +
                       std::to_string(response.status);
  if (!code.empty()) detail += " " + code;
  if (!reason.empty())
    detail += ": the plan has no price of this currency and billing period; add one, then retry";
  Failure failure;
  failure.outcome = class_of(response.status, code, asked.repeat);
  failure.problem =
      provider_problem("flexprice", kind_of(response.status), response.status,
                       code.empty() ? "status " + std::to_string(response.status) : code, detail);
  if (!code.empty()) failure.problem.extensions["code"] = code;
  if (!reason.empty()) failure.problem.extensions["reason"] = reason;
  failure.retry_after_ms = retry_after_ms(response.headers, asked.now);
  return failure;
}

}  // namespace

std::expected<Json, Failure> outcome_of(const Asked& asked, const net::ClientResult& result) {
  if (!result) {
    Failure failure = transport_failure("flexprice", result.error(), asked.repeat);
    // The object may have been made; only its description was too long to read.
    if (result.error().kind == net::TransportError::Kind::too_large &&
        asked.repeat == Repeat::guarded)
      failure.outcome = Outcome::unknown;
    return std::unexpected(std::move(failure));
  }
  const net::ClientResponse& response = *result;
  const bool good = response.status >= 200 && response.status <= 299;
  if (good && response.body.empty()) return Json::object();
  auto body = parse_json(response.body);
  const std::string what = asked.method + " " + asked.path;
  if (!body || !(body->is_object() || (good && body->is_array())))
    return std::unexpected(foreign_answer("flexprice", what, response, asked.repeat, asked.now));
  if (good) return std::move(*body);
  return std::unexpected(refusal(asked, response, *body));
}

}  // namespace sequent::activities::flexprice
