#include "sandbox/sandbox.hpp"

#include <boost/asio.hpp>

namespace sequent::sandbox {
namespace {

std::string url_of(const std::string& host, std::uint16_t port) {
  const bool bare_v6 = host.find(':') != std::string::npos;
  return "http://" + (bare_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

Result<Sandbox> Sandbox::start(boost::asio::any_io_executor executor,
                               std::function<Timestamp()> clock, SandboxOptions options) {
  stripe::StripeOptions stripe_options;
  stripe_options.seed = options.seed;
  stripe_options.api_key = options.stripe_api_key;
  stripe_options.webhook_url = options.webhook_url;
  stripe_options.webhook_secret = options.webhook_secret;
  stripe_options.webhook_retry = options.webhook_retry;
  auth::AuthOptions auth_options;
  auth_options.seed = options.seed;
  auth_options.linked_users = options.linked_users;
  auto aws_options = options.aws;
  aws_options.seed = options.seed;

  flexprice::FlexpriceOptions flexprice_options;
  flexprice_options.seed = options.seed;
  flexprice_options.price_everything = options.price_everything;
  langfuse::LangfuseOptions langfuse_options;
  langfuse_options.seed = options.seed;

  Sandbox sandbox;
  sandbox.options_ = std::move(options);
  const auto now = clock();
  sandbox.stripe_server_ = std::make_unique<StandInServer>(
      executor, std::make_shared<stripe::StripeStandIn>(std::move(stripe_options), now), clock);
  sandbox.auth_server_ = std::make_unique<StandInServer>(
      executor, std::make_shared<auth::AuthStandIn>(std::move(auth_options), now), clock);
  sandbox.aws_server_ = std::make_unique<StandInServer>(
      executor, std::make_shared<aws::AwsStandIn>(std::move(aws_options), now), clock);
  sandbox.flexprice_server_ = std::make_unique<StandInServer>(
      executor, std::make_shared<flexprice::FlexpriceStandIn>(std::move(flexprice_options)), clock);
  sandbox.langfuse_server_ = std::make_unique<StandInServer>(
      executor, std::make_shared<langfuse::LangfuseStandIn>(std::move(langfuse_options)), clock);
  const auto& host = sandbox.options_.host;
  auto listening = sandbox.stripe_server_->listen(host, sandbox.options_.stripe_port);
  if (listening) listening = sandbox.auth_server_->listen(host, sandbox.options_.auth_port);
  if (listening) listening = sandbox.aws_server_->listen(host, sandbox.options_.aws_port);
  if (listening)
    listening = sandbox.flexprice_server_->listen(host, sandbox.options_.flexprice_port);
  if (listening) listening = sandbox.langfuse_server_->listen(host, sandbox.options_.langfuse_port);
  if (!listening) return std::unexpected(listening.error());
  return sandbox;
}

std::string Sandbox::stripe_url() const {
  return url_of(options_.host, stripe_port());
}

std::string Sandbox::auth_url() const {
  return url_of(options_.host, auth_port());
}

std::string Sandbox::aws_url() const {
  return url_of(options_.host, aws_port());
}

std::string Sandbox::flexprice_url() const {
  return url_of(options_.host, flexprice_server_->port());
}

std::string Sandbox::langfuse_url() const {
  return url_of(options_.host, langfuse_server_->port());
}

std::string Sandbox::configuration() const {
  std::string yaml = "# Providers of the local sandbox; no request leaves this machine.\n";
  yaml += "providers:\n";
  yaml += "  stripe:\n";
  yaml += "    baseUrl: " + stripe_url() + "\n";
  yaml += "    apiKey: {value: " + options_.stripe_api_key + "}\n";
  yaml += "    apiVersion: " + std::string(stripe::newest_version) + "\n";
  yaml += "    webhookSecrets: [{value: " + options_.webhook_secret + "}]\n";
  yaml += "  auth:\n";
  yaml += "    baseUrl: " + auth_url() + "\n";
  yaml += "    serviceToken: {value: token-of-the-engine}\n";
  yaml += "  aws:\n";
  yaml += "    region: " + options_.aws.region + "\n";
  yaml += "    baseUrl: " + aws_url() + "\n";
  yaml += "    accessKeyId: {value: " + options_.aws.access_key_id + "}\n";
  yaml += "    secretAccessKey: {value: " + options_.aws.secret_access_key + "}\n";
  yaml += "    notifications:\n";
  yaml += "      queueUrl: " + aws_url() + "/" + std::string(aws::queue_account) + "/" +
          std::string(aws::notification_queue) + "\n";
  // Short: a poll whose caller was killed may still take a message, which is hidden so long.
  yaml += "      visibilitySeconds: 5\n";
  yaml += "      waitSeconds: 5\n";
  yaml += "  flexprice:\n";
  yaml += "    baseUrl: " + flexprice_url() + "/v1\n";
  yaml += "    apiKey: {value: " + flexprice::FlexpriceOptions{}.api_key + "}\n";
  yaml += "  langfuse:\n";
  yaml += "    baseUrl: " + langfuse_url() + "\n";
  yaml += "    publicKey: {value: " + langfuse::LangfuseOptions{}.public_key + "}\n";
  yaml += "    secretKey: {value: " + langfuse::LangfuseOptions{}.secret_key + "}\n";
  return yaml;
}

boost::asio::awaitable<void> Sandbox::stop() {
  co_await stripe_server_->stop();
  co_await auth_server_->stop();
  co_await aws_server_->stop();
  co_await flexprice_server_->stop();
  co_await langfuse_server_->stop();
}

}  // namespace sequent::sandbox
