#include "activities/json_api.hpp"

#include "base/assert.hpp"

namespace sequent::activities {

namespace {

std::string plain(const Json& value) {
  return net::percent_encode(value.is_string() ? value.get<std::string>() : dump_json(value));
}

}  // namespace

std::string fill_path(const std::string& path, Json& input) {
  const auto open = path.find('{');
  if (open == std::string::npos) return path;
  const auto close = path.find('}', open);
  SEQUENT_ASSERT(close != std::string::npos);
  const std::string name = path.substr(open + 1, close - open - 1);
  const std::string value = text_of(input, name);
  SEQUENT_ASSERT(!value.empty());  // run() has checked the input
  input.erase(name);
  return path.substr(0, open) + net::percent_encode(value) + path.substr(close + 1);
}

std::string query_of(const Json& members) {
  std::string query;
  const auto add = [&](const std::string& name, const Json& value) {
    query += (query.empty() ? "?" : "&") + net::percent_encode(name) + "=" + plain(value);
  };
  for (const auto& [name, value] : members.items()) {
    if (value.is_null()) continue;
    if (!value.is_array()) {
      add(name, value);
      continue;
    }
    for (const Json& item : value) add(name, item);
  }
  return query;
}

void drop_nulls(Json& object) {
  for (auto member = object.begin(); member != object.end();)
    member = member->is_null() ? object.erase(member) : std::next(member);
}

Failure foreign_answer(std::string_view provider, const std::string& asked,
                       const net::ClientResponse& response, Repeat repeat, Timestamp now) {
  Failure failure;
  failure.outcome = repeat == Repeat::harmless ? Outcome::transient : Outcome::unknown;
  failure.problem = provider_problem(
      provider, ErrorKind::communication, response.status, "Not the provider's answer",
      "expected JSON for " + asked + ", got " +
          (looks_like_html(response.body) ? "an HTML page" : "something else") + " with status " +
          std::to_string(response.status) + ": a proxy in between may have answered");
  failure.retry_after_ms = retry_after_ms(response.headers, now);
  return failure;
}

Failure not_configured(std::string_view provider, std::string detail) {
  Failure failure;
  failure.outcome = Outcome::permanent;
  failure.problem = provider_problem(provider, ErrorKind::configuration, 400, "Not configured",
                                     std::move(detail));
  return failure;
}

}  // namespace sequent::activities
