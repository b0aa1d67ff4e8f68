#include "crashtest/outside.hpp"

#include <boost/asio/post.hpp>

#include "base/digest.hpp"
#include "crashtest/signed.hpp"
#include "sandbox/auth/auth.hpp"
#include "sandbox/aws/aws.hpp"
#include "sandbox/flexprice/flexprice.hpp"
#include "sandbox/langfuse/langfuse.hpp"
#include "sandbox/stripe/stripe.hpp"

namespace sequent::crashtest {
namespace {

constexpr const char* signing_secret = "whsec_sandbox";
constexpr const char* stripe_key = "sk_test_sandbox";
constexpr std::string_view domain = ".sandbox";

std::string address_of(const std::string& stand_in) {
  return "http://" + stand_in + std::string(domain);
}

activities::CredentialSource credential(std::string text) {
  return [text = std::move(text)] { return text; };
}

// Every stand-in of the build: a new one is a line here and in providers().
std::map<std::string, std::unique_ptr<sandbox::StandIn>> make_stand_ins(std::uint64_t seed,
                                                                        Timestamp now) {
  sandbox::stripe::StripeOptions stripe;
  stripe.seed = seed;
  stripe.api_key = stripe_key;
  stripe.webhook_url = address_of("engine") + "/webhooks/stripe";
  stripe.webhook_secret = signing_secret;
  sandbox::auth::AuthOptions auth;
  auth.seed = seed;
  auth.users = 20;  // every observation reads them all
  std::map<std::string, std::unique_ptr<sandbox::StandIn>> made;
  made["stripe"] = std::make_unique<sandbox::stripe::StripeStandIn>(stripe, now);
  made["auth"] = std::make_unique<sandbox::auth::AuthStandIn>(auth, now);
  sandbox::aws::AwsOptions aws;
  aws.seed = seed;
  made["aws"] = std::make_unique<sandbox::aws::AwsStandIn>(aws, now);
  sandbox::flexprice::FlexpriceOptions flexprice;
  flexprice.seed = seed;
  flexprice.price_everything = true;  // nobody is there to price a plan by hand
  made["flexprice"] = std::make_unique<sandbox::flexprice::FlexpriceStandIn>(flexprice);
  sandbox::langfuse::LangfuseOptions langfuse;
  langfuse.seed = seed;
  made["langfuse"] = std::make_unique<sandbox::langfuse::LangfuseStandIn>(langfuse);
  return made;
}

net::TransportError broken(net::TransportError::Kind kind, bool sent, std::string message) {
  net::TransportError error;
  error.kind = kind;
  error.sent = sent;
  error.message = std::move(message);
  return error;
}

net::ServerRequest as_received(net::ClientRequest& request, const UrlParts& url, Timestamp now) {
  net::ServerRequest received;
  received.method = request.method;
  received.path = url.path;
  received.query = url.query;
  received.headers = std::move(request.headers);
  received.body = std::move(request.body);
  received.remote = "127.0.0.1";
  if (!request.aws_sigv4.empty()) {
    sign_for_aws(received, request, now);
  } else if (request.basic_auth) {
    received.headers.set("Authorization", "Basic " + base64_encode(request.basic_auth->first + ":" +
                                                                   request.basic_auth->second));
  }
  return received;
}

net::ServerRequest administration(const std::string& method, const std::string& path,
                                  const Json& body) {
  net::ServerRequest request;
  request.method = method;
  request.path = path;
  request.headers.set("Content-Type", "application/json");
  if (!body.is_null()) request.body = dump_json(body);
  return request;
}

}  // namespace

UrlParts split_url(const std::string& url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string::npos ? 0 : scheme + 3;
  const auto path = std::min(url.find_first_of("/?", host), url.size());
  const auto query = std::min(url.find('?', path), url.size());
  UrlParts parts;
  parts.host = url.substr(host, path - host);
  parts.path = url.substr(path, query - path);
  if (parts.path.empty()) parts.path = "/";
  if (query < url.size()) parts.query = url.substr(query + 1);
  return parts;
}

Outside::Outside(const VirtualClock& clock, std::uint64_t seed, CallFault fault)
    : clock_(clock), fault_(std::move(fault)), stand_ins_(make_stand_ins(seed, clock.now())) {}

std::vector<std::string> Outside::names() {
  std::vector<std::string> all;
  for (const auto& entry : make_stand_ins(1, 0)) all.push_back(entry.first);
  return all;
}

activities::ProviderConfig Outside::providers() {
  activities::ProviderConfig config;
  config.stripe.base_url = address_of("stripe");
  config.stripe.api_key = credential(stripe_key);
  config.auth.base_url = address_of("auth");
  config.auth.service_token = credential("token-of-the-engine");
  config.aws.base_url = address_of("aws");
  config.aws.credentials = [] {
    const sandbox::aws::AwsOptions keys;
    return activities::AwsCredentials{keys.access_key_id, keys.secret_access_key, ""};
  };
  config.aws.notifications.queue_url = address_of("aws") + "/" +
                                       std::string(sandbox::aws::queue_account) + "/" +
                                       std::string(sandbox::aws::notification_queue);
  config.aws.notifications.wait_seconds = 0;  // it is read when there is something in it
  config.flexprice.base_url = address_of("flexprice") + "/v1";
  config.flexprice.api_key = credential(sandbox::flexprice::FlexpriceOptions{}.api_key);
  config.langfuse.base_url = address_of("langfuse");
  config.langfuse.public_key = credential(sandbox::langfuse::LangfuseOptions{}.public_key);
  config.langfuse.secret_key = credential(sandbox::langfuse::LangfuseOptions{}.secret_key);
  return config;
}

std::string Outside::webhook_secret() {
  return signing_secret;
}

net::Exchange Outside::network(std::shared_ptr<const bool> open, std::shared_ptr<Agenda> agenda) {
  return [this, open, agenda](net::ClientRequest request, boost::asio::any_io_executor executor,
                              Done done) {
    if (*open) take(std::move(request), std::move(executor), std::move(done), open, *agenda);
  };
}

void Outside::take(net::ClientRequest request, boost::asio::any_io_executor executor, Done done,
                   const std::shared_ptr<const bool>& open, Agenda& agenda) {
  const auto url = split_url(request.url);
  const auto finish = [executor, done = std::move(done), open](net::ClientResult result) {
    boost::asio::post(executor, [done, open, result = std::move(result)] {
      if (*open) done(result);
    });
  };
  const auto name = url.host.ends_with(domain) ? url.host.substr(0, url.host.size() - domain.size())
                                               : std::string();
  const auto found = stand_ins_.find(name);
  if (found == stand_ins_.end())
    return finish(std::unexpected(broken(net::TransportError::Kind::resolve, false,
                                         "there is no stand-in at the host " + url.host)));
  const long patience = request.timeout_ms;
  const auto received = as_received(request, url, clock_.now());
  auto reply = answer(*found->second, received);
  net::ClientResult result;
  DurationMs after = reply.latency_ms;
  if (reply.delivery == sandbox::Delivery::reset) {
    result = std::unexpected(
        broken(net::TransportError::Kind::receive, true, "connection reset by " + url.host));
  } else if (reply.delivery == sandbox::Delivery::hang || after >= patience) {
    after = patience;
    result = std::unexpected(
        broken(net::TransportError::Kind::timeout, true, "no answer from " + url.host));
  } else if (reply.huge_bytes > 0) {
    result = std::unexpected(
        broken(net::TransportError::Kind::too_large, true, "too long an answer of " + url.host));
  } else {
    result->status = reply.response.status;
    result->headers = std::move(reply.response.headers);
    result->body = std::move(reply.response.body);
    result->effective_url = request.url;
  }
  if (after == 0) return finish(std::move(result));
  agenda.add(clock_.now() + after, [finish, result] { finish(result); });
}

sandbox::Reply Outside::answer(sandbox::StandIn& stand_in, const net::ServerRequest& request) {
  calls_.push_back(request.method + " " + request.path);
  const bool hit = calls_.size() == fault_.at;
  const auto now = clock_.now();
  if (hit) (void)stand_in.handle(administration("POST", "/_sandbox/faults", fault_.fault), now);
  auto reply = stand_in.handle(request, now);
  if (hit) (void)stand_in.handle(administration("DELETE", "/_sandbox/faults", nullptr), now);
  return reply;
}

net::ServerResponse Outside::ask(const std::string& stand_in, const net::ServerRequest& request) {
  return stand_ins_.at(stand_in)->handle(request, clock_.now()).response;
}

std::vector<Outside::Webhook> Outside::webhooks_due() {
  std::vector<Webhook> due;
  for (const auto& [name, stand_in] : stand_ins_)
    for (auto& send : stand_in->webhooks_due(clock_.now()))
      due.push_back({.stand_in = name, .send = std::move(send)});
  return due;
}

void Outside::webhook_answered(const Webhook& webhook, int status) {
  stand_ins_.at(webhook.stand_in)->webhook_answered(webhook.send.delivery, status, clock_.now());
}

std::optional<Timestamp> Outside::next_due() const {
  std::optional<Timestamp> next;
  for (const auto& entry : stand_ins_)
    if (const auto at = entry.second->next_due()) next = next ? std::min(*next, *at) : *at;
  // What can be received already waits for the engine, not for the clock.
  const auto message = next_notification();
  if (message && *message > clock_.now()) next = next ? std::min(*next, *message) : *message;
  return next;
}

std::optional<Timestamp> Outside::next_notification() const {
  return dynamic_cast<const sandbox::aws::AwsStandIn&>(*stand_ins_.at("aws")).next_notification();
}

}  // namespace sequent::crashtest
