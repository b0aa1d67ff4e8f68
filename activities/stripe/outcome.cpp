#include "activities/stripe/outcome.hpp"

#include <cctype>

#include "activities/outcomes.hpp"

namespace sequent::activities::stripe {

namespace {

enum class Advice : std::uint8_t { none, retry, stop };  // Stripe-Should-Retry

Advice advice_of(const net::ClientResponse& response) {
  const std::string word = lower(response.headers.value("Stripe-Should-Retry"));
  if (word == "true") return Advice::retry;
  return word == "false" ? Advice::stop : Advice::none;
}

bool is_write(const Asked& asked) {
  return asked.method == "POST";
}

// Codes are fixed words; anything else could be text that somebody typed.
std::string code_word(const Json& error, std::string_view member) {
  const std::string word = text_of(error, member);
  const bool plain =
      word.size() <= 80 && std::all_of(word.begin(), word.end(), [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '_';
      });
  return plain ? word : "";
}

// A parameter's name, such as items[0][price]; never its value.
std::string parameter_name(const Json& error) {
  const std::string name = text_of(error, "param");
  const bool plain =
      name.size() <= 120 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '[' || c == ']' || c == '-' || c == '.';
      });
  return plain ? name : "";
}

// The one refusal that Stripe words without giving it a code; the words themselves go no further.
bool is_duplicate_identifier(const net::ClientResponse& response, const Json& error) {
  return response.status == 400 &&
         text_of(error, "message").find("already exists with identifier") != std::string::npos;
}

ErrorKind kind_of(int status) {
  if (status == 401) return ErrorKind::authentication;
  if (status == 403) return ErrorKind::authorization;
  return ErrorKind::communication;
}

machine::Problem problem_of(const Asked& asked, const net::ClientResponse& response,
                            const Json& error) {
  const std::string type = code_word(error, "type");
  const std::string code = code_word(error, "code");
  const std::string decline = code_word(error, "decline_code");
  const std::string parameter = parameter_name(error);
  const std::string request_id = response.headers.value("Request-Id");

  std::string detail = "Stripe answered " + asked.method + " " + asked.path + " with " +
                       std::to_string(response.status);
  if (!code.empty() || !type.empty()) detail += " " + (code.empty() ? type : code);
  if (!decline.empty()) detail += ", declined as " + decline;
  if (!parameter.empty()) detail += ", parameter " + parameter;
  if (!request_id.empty()) detail += " (request " + request_id + ")";
  if (type == "idempotency_error" && code != "idempotency_key_in_use")
    detail +=
        ": the idempotency key was used before with other parameters; look the object up before "
        "trying with a new key";

  auto problem = provider_problem("stripe", kind_of(response.status), response.status,
                                  !code.empty()  ? code
                                  : type.empty() ? "api_error"
                                                 : type,
                                  std::move(detail));
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) problem.extensions[name] = value;
  };
  add("errorType", type);
  add("code", code);
  add("declineCode", decline);
  add("param", parameter);
  add("requestId", request_id);
  if (is_duplicate_identifier(response, error)) problem.extensions["duplicateIdentifier"] = true;
  return problem;
}

void classify_refusal(Failure& failure, const Json& error, int status, Advice advice) {
  const std::string type = code_word(error, "type");
  const std::string code = code_word(error, "code");
  const bool passing = status == 409 || status == 424 || status == 429 || code == "rate_limit" ||
                       code == "lock_timeout" || advice == Advice::retry;
  if (passing && advice != Advice::stop) {
    failure.outcome = Outcome::transient;
    return;
  }
  failure.outcome = Outcome::permanent;
  // Not stored: refused keys, refused parameters, refused rates. All else is answered the same for
  // a day, and a new key is safe because nothing happened.
  failure.key_spent = type != "idempotency_error" && status != 401 && status != 403 &&
                      status != 409 && status != 429 && !code.starts_with("parameter_");
}

void classify_breakdown(Failure& failure, const Asked& asked, const net::ClientResponse& response,
                        Advice advice) {
  if (!is_write(asked)) {
    failure.outcome = advice == Advice::stop ? Outcome::permanent : Outcome::transient;
    return;
  }
  failure.outcome = Outcome::unknown;
  const bool replayed = lower(response.headers.value("Idempotent-Replayed")) == "true";
  failure.key_spent = replayed || advice == Advice::stop;
}

Failure not_stripe(const Asked& asked, const net::ClientResponse& response) {
  Failure failure;
  failure.outcome = is_write(asked) ? Outcome::unknown : Outcome::transient;
  failure.problem = provider_problem(
      "stripe", ErrorKind::communication, response.status, "Not Stripe's answer",
      "expected JSON for " + asked.method + " " + asked.path + ", got " +
          (looks_like_html(response.body) ? "an HTML page" : "something else") + " with status " +
          std::to_string(response.status) + ": a proxy in between may have answered");
  failure.retry_after_ms = retry_after_ms(response.headers, asked.now);
  return failure;
}

}  // namespace

std::expected<Json, Failure> outcome_of(const Asked& asked, const net::ClientResult& result) {
  if (!result) {
    const auto repeat = is_write(asked) ? Repeat::guarded : Repeat::harmless;
    Failure failure = transport_failure("stripe", result.error(), repeat);
    // The object may have been made; only its description was too long to read.
    if (result.error().kind == net::TransportError::Kind::too_large && is_write(asked))
      failure.outcome = Outcome::unknown;
    return std::unexpected(std::move(failure));
  }
  const net::ClientResponse& response = *result;
  auto body = parse_json(response.body);
  if (!body || !body->is_object()) return std::unexpected(not_stripe(asked, response));
  if (response.status >= 200 && response.status <= 299) return std::move(*body);

  const Json error =
      body->contains("error") && body->at("error").is_object() ? body->at("error") : Json::object();
  Failure failure;
  failure.problem = problem_of(asked, response, error);
  failure.retry_after_ms = retry_after_ms(response.headers, asked.now);
  if (response.status >= 500)
    classify_breakdown(failure, asked, response, advice_of(response));
  else
    classify_refusal(failure, error, response.status, advice_of(response));
  return std::unexpected(std::move(failure));
}

}  // namespace sequent::activities::stripe
