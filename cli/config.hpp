#pragma once
// What `serve` and `doctor` are told: a YAML file, the environment over it, options over both.
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "activities/providers.hpp"
#include "api/webhook_source.hpp"
#include "base/error.hpp"
#include "cli/credential.hpp"
#include "engine/runtime/engine.hpp"
#include "net/http_client.hpp"
#include "net/http_server.hpp"
#include "outbox/settings.hpp"

namespace sequent::cli {

struct WebhookSettings {
  struct Source {
    api::WebhookSource how;  // without its secrets
    std::vector<Credential> secrets;
  };
  bool allow_unsigned = false;
  int tolerance_seconds = 300;
  std::vector<Source> sources;
};

/// A secret of workflows: read when it is asked for, or an object with a credential for each member.
using SecretSource = std::variant<Credential, std::map<std::string, Credential>>;

struct Config {
  std::string file;  // "" = none
  std::string listen = "127.0.0.1:8233";
  std::string data = "sequent-data";
  std::string store;      // a connection string; "" = SQLite in `data`
  std::string workflows;  // a folder; "" = none
  std::string retention;  // of ended runs: housekeeping.hpp's spelling; "" = for ever
  std::string log_level = "info";
  PartitionId partitions = 64;  // of a new store
  int drain_seconds = 10;
  int store_wait_seconds = 60;  // how long a node that starts waits for a database that is away
  activities::ProviderConfig providers;
  std::vector<Credential> stripe_webhook_secrets;
  std::map<std::string, SecretSource> secrets;
  runtime::EngineConfig engine;  // `secret` is set
  net::ServerLimits http;
  net::ClientLimits outbound;  // requests to providers
  WebhookSettings webhooks;
  std::vector<outbox::SinkSettings> sinks;  // of emitted events
};

/// shape   docs: providers {stripe {baseUrl, apiKey, apiVersion, timeoutMs, webhookSecrets}, auth
///         {baseUrl, serviceToken, timeoutMs}, flexprice {baseUrl, apiKey, environmentId, timeoutMs},
///         langfuse {baseUrl, publicKey, secretKey, timeoutMs}, aws {…: aws_settings.hpp}, http
///         {timeoutMs}}, secrets, engine, http, outbound {threads, maxConnectionsPerHost,
///         maxConnections}, webhooks {…: webhook_settings.hpp}, outbox {NAME: outbox_settings.hpp}, log {level}, listen, data, store,
///         workflows, retention, node, drainSeconds, storeWaitSeconds
/// errors  not_found, invalid_request with a finding (file, line, column) for each mistake: unknown
///         keys, wrong types, numbers out of range, credentials that can't be read
/// source  `path` empty: the defaults. SEQUENT_… variables go over the file.
[[nodiscard]] Result<std::shared_ptr<Config>> load_config(const std::string& path,
                                                          const Environment& environment);

}  // namespace sequent::cli
