#include "cli/provider_lists.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "activities/stripe/client.hpp"
#include "reconciliation/kinds.hpp"

namespace sequent::cli {
namespace {

namespace asio = boost::asio;
using machine::Failure;
using machine::Outcome;

constexpr int most_tries = 6;
constexpr DurationMs first_pause_ms = 500, longest_pause_ms = 30'000;
constexpr long patience_ms = 120'000;  // of one request: the node waits for Stripe meanwhile

bool is_made_by_workflows(const std::string& path) {
  return std::ranges::any_of(reconciliation::kinds(), [&](const reconciliation::Kind& kind) {
    return path == kind.path ||
           (path.starts_with(kind.path) && path[kind.path.size()] == '/' &&
            path.find_first_of("?#%") == std::string::npos && path.find("..") == std::string::npos);
  });
}

std::string_view word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::transient:
      return "transient";
    case Outcome::permanent:
      return "permanent";
    case Outcome::unknown:
      return "unknown";
  }
  return "permanent";
}

Json failure_json(const Failure& failure) {
  Json json = machine::to_json(failure.problem);
  json["outcome"] = word_of(failure.outcome);
  json["retryAfterMs"] = failure.retry_after_ms;
  return json;
}

Failure failure_from(const Json& json) {
  Failure failure;
  failure.problem = machine::problem_from_json(json);
  const auto outcome = text_of(json, "outcome");
  failure.outcome = outcome == "transient" ? Outcome::transient
                    : outcome == "unknown" ? Outcome::unknown
                                           : Outcome::permanent;
  failure.retry_after_ms = json.value("retryAfterMs", DurationMs{0});
  return failure;
}

asio::awaitable<Result<Json>> read_once(activities::StripeConfig config, net::HttpClient& http,
                                        activities::stripe::Call call) {
  const auto within = config.timeout_ms;
  activities::stripe::Client client{std::move(config), http};
  auto sending = client.send(std::move(call));
  auto got = co_await std::move(sending);
  Json told{{"answerWithinMs", within}};
  if (got)
    told["object"] = *std::move(got);
  else
    told["failure"] = failure_json(got.error());
  co_return told;
}

}  // namespace

api::ProviderLists provider_lists(const activities::StripeConfig& stripe, net::HttpClient& http) {
  return [stripe, &http](std::string provider, std::string path, Json parameters,
                         std::string account) -> asio::awaitable<Result<Json>> {
    const auto key = stripe.api_key ? stripe.api_key() : std::optional<std::string>{};
    if (provider != "stripe" || !key || key->empty())
      co_return fail(ErrorCode::not_found, "This node has no key of " + provider.substr(0, 80) +
                                               " (providers.stripe.apiKey).");
    if (!is_made_by_workflows(path))
      co_return fail(ErrorCode::invalid_request,
                     "Expected `path` to be a list of what workflows make, such as /v1/customers, "
                     "or an object of one, got " +
                         path.substr(0, 80) + ".");
    activities::stripe::Call call;
    call.method = "GET";
    call.path = std::move(path);
    call.parameters = std::move(parameters);
    call.account = std::move(account);
    auto reading = read_once(stripe, http, std::move(call));
    auto read = co_await std::move(reading);
    co_return read;
  };
}

std::expected<Json, Refusal> ServerObjects::read(const std::string& path, const Json& parameters,
                                                 const std::string& account) const {
  Request request;
  request.method = "POST";
  request.path = "/api/v1/reconciliations:read";
  request.body = {{"provider", "stripe"}, {"path", path}, {"account", account}};
  request.body["parameters"] = parameters.is_null() ? Json::object() : parameters;
  request.timeout_ms = patience_ms;
  auto answer = ask(session_, request);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return std::move(answer->body);
}

std::expected<DurationMs, Refusal> ServerObjects::answer_within_ms() {
  constexpr DurationMs usual_ms = 30'000;
  const auto read = this->read("/v1/customers", {{"limit", 1}}, "");
  if (!read) return std::unexpected(read.error());
  return read->value("answerWithinMs", usual_ms);
}

std::expected<Json, Failure> ServerObjects::get(const std::string& path, const Json& parameters,
                                                const std::string& account) {
  DurationMs pause_ms = first_pause_ms;
  for (int tried = 1;; ++tried) {
    auto told = read(path, parameters, account);
    Failure failure;
    if (told && told->contains("object")) return std::move((*told)["object"]);
    if (told) {
      failure = failure_from(told->value("failure", Json::object()));
    } else {
      failure.outcome = Outcome::permanent;
      failure.problem = machine::make_problem(machine::ErrorKind::communication,
                                              "The server: " + told.error().message);
    }
    if (failure.outcome == Outcome::permanent || tried == most_tries)
      return std::unexpected(std::move(failure));
    asio::io_context io;
    asio::steady_timer pause{
        io, std::chrono::milliseconds(
                std::min(std::max(pause_ms, failure.retry_after_ms), longest_pause_ms))};
    pause.wait();
    pause_ms *= 2;
  }
}

}  // namespace sequent::cli
