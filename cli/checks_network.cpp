// Checks of what is reached over the network: our own port, and the providers.
#include <boost/asio.hpp>
#include <optional>

#include "base/assert.hpp"
#include "cli/checks.hpp"
#include "cli/client.hpp"
#include "net/http_client.hpp"
#include "outbox/publishing.hpp"

namespace sequent::cli {
namespace {

namespace asio = boost::asio;

std::optional<std::string> cannot_bind(const std::string& host, std::uint16_t port) {
  asio::io_context io;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) return host + " is no address";
  asio::ip::tcp::acceptor acceptor{io};
  const asio::ip::tcp::endpoint endpoint{address, port};
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(1, error);
  if (error) return error.message();
  return std::nullopt;
}

Check check_provider(const std::string& name, const std::string& url) {
  asio::io_context io;
  net::HttpClient client;
  net::ClientRequest request;
  request.url = url + "/";
  request.timeout_ms = 5'000;
  std::optional<net::ClientResult> result;
  client.send(std::move(request), io.get_executor(),
              [&result](net::ClientResult came) { result = std::move(came); });
  io.run();  // the request has a time limit
  SEQUENT_ASSERT(result.has_value());
  if (*result)
    return {
        name, Verdict::good,
        url + " answers (status " + std::to_string((*result)->status) + " without credentials)"};
  return {name, Verdict::bad, url + ": " + result->error().message};
}

// Nothing is asked of AWS itself: each of its calls counts, and needs rights of its own.
Check check_aws(const activities::AwsConfig& aws) {
  if (!aws.credentials && aws.container_url.empty())
    return {"aws", Verdict::warning,
            "no credentials: set providers.aws, or AWS's own variables, to use it"};
  if (aws.credentials && !aws.credentials())
    return {"aws", Verdict::bad,
            "the credentials can't be read: check both keys, or the profile and its file"};
  return {"aws", Verdict::good,
          "credentials for " + aws.region +
              (aws.notifications.queue_url.empty()
                   ? "; no providers.aws.notifications.queueUrl, so subscriptions go unheard"
                   : "; notifications from " + aws.notifications.queue_url)};
}

bool readable(const activities::CredentialSource& source) {
  return source && source().has_value();
}

Check check_flexprice(const activities::FlexpriceConfig& flexprice) {
  if (!flexprice.api_key)
    return {"flexprice", Verdict::warning,
            "no key: set providers.flexprice.apiKey or SEQUENT_FLEXPRICE_API_KEY to use it"};
  if (!readable(flexprice.api_key))
    return {"flexprice", Verdict::bad, "the key of providers.flexprice.apiKey can't be read"};
  return check_provider("flexprice", flexprice.base_url);
}

Check check_langfuse(const activities::LangfuseConfig& langfuse) {
  if (!langfuse.public_key && !langfuse.secret_key)
    return {"langfuse", Verdict::warning,
            "no keys: set providers.langfuse.publicKey and secretKey, or "
            "SEQUENT_LANGFUSE_PUBLIC_KEY and SEQUENT_LANGFUSE_SECRET_KEY, to use it"};
  if (!readable(langfuse.public_key) || !readable(langfuse.secret_key))
    return {"langfuse", Verdict::bad,
            "expected a public and a secret key that can be read; one of them is not there"};
  return check_provider("langfuse", langfuse.base_url);
}

}  // namespace

Check check_port(const Session& session, const std::string& listen) {
  const auto address = net::parse_listen_address(listen);
  if (!address) return {"port", Verdict::bad, address.error().detail};
  const auto why = cannot_bind(address->first, address->second);
  if (!why) return {"port", Verdict::good, listen + " is free"};
  Session there{session.environment, session.terminal, session.clock};
  there.server = "http://" + listen;
  Request request;
  request.path = "/healthz";
  request.timeout_ms = 2'000;
  if (ask(there, request)) return {"port", Verdict::warning, listen + " is served by sequent now"};
  return {"port", Verdict::bad,
          "cannot listen on " + listen + ": " + *why +
              "; stop what holds it, or name another with --listen"};
}

std::vector<Check> check_providers(const Config& config) {
  std::vector<Check> checks;
  const auto& stripe = config.providers.stripe;
  if (!stripe.api_key) {
    checks.push_back({"stripe", Verdict::warning,
                      "no key: set providers.stripe.apiKey or SEQUENT_STRIPE_API_KEY to use it"});
  } else {
    checks.push_back(check_provider("stripe", stripe.base_url));
    if (config.stripe_webhook_secrets.empty())
      checks.push_back({"stripe webhooks", Verdict::warning,
                        "no secret: set providers.stripe.webhookSecrets or "
                        "SEQUENT_STRIPE_WEBHOOK_SECRET, or webhooks are refused"});
  }
  if (config.providers.auth.base_url.empty()) {
    checks.push_back({"auth", Verdict::warning,
                      "no address: set providers.auth.baseUrl or SEQUENT_AUTH_BASE_URL to use it"});
  } else {
    checks.push_back(check_provider("auth", config.providers.auth.base_url));
  }
  checks.push_back(check_aws(config.providers.aws));
  checks.push_back(check_flexprice(config.providers.flexprice));
  checks.push_back(check_langfuse(config.providers.langfuse));
  return checks;
}

std::vector<Check> check_sinks(const Config& config) {
  std::vector<Check> checks;
  net::HttpClient client;
  for (const auto& settings : config.sinks) {
    const auto sink = outbox::make_sink(settings, client);
    const auto name = "outbox " + settings.name;
    if (const auto failure = sink->check())
      checks.push_back({name, Verdict::bad, sink->where() + ": " + failure->detail});
    else
      checks.push_back({name, Verdict::good, sink->where() + " answers"});
  }
  return checks;
}

}  // namespace sequent::cli
