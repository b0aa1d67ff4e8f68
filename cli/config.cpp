#include "cli/config.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "cli/aws_settings.hpp"
#include "cli/config_section.hpp"
#include "cli/files.hpp"
#include "cli/outbox_settings.hpp"
#include "cli/webhook_settings.hpp"

namespace sequent::cli {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t many = 10'000'000;

void read_stripe(const Value& value, Reading& reading, Config& config) {
  const Section section{
      value, reading, {"baseUrl", "apiKey", "apiVersion", "timeoutMs", "webhookSecrets"}};
  auto& stripe = config.providers.stripe;
  section.url("baseUrl", stripe.base_url);
  section.text("apiVersion", stripe.api_version);
  section.whole("timeoutMs", 100, 600'000, stripe.timeout_ms);
  read_credential(section, "apiKey", reading, stripe.api_key);
  read_credentials(section, "webhookSecrets", reading, config.stripe_webhook_secrets);
}

void read_flexprice(const Value& value, Reading& reading, Config& config) {
  const Section section{value, reading, {"baseUrl", "apiKey", "environmentId", "timeoutMs"}};
  auto& flexprice = config.providers.flexprice;
  section.url("baseUrl", flexprice.base_url);
  section.text("environmentId", flexprice.environment_id);
  section.whole("timeoutMs", 100, 600'000, flexprice.timeout_ms);
  read_credential(section, "apiKey", reading, flexprice.api_key);
}

void read_langfuse(const Value& value, Reading& reading, Config& config) {
  const Section section{value, reading, {"baseUrl", "publicKey", "secretKey", "timeoutMs"}};
  auto& langfuse = config.providers.langfuse;
  section.url("baseUrl", langfuse.base_url);
  section.whole("timeoutMs", 100, 600'000, langfuse.timeout_ms);
  read_credential(section, "publicKey", reading, langfuse.public_key);
  read_credential(section, "secretKey", reading, langfuse.secret_key);
}

void read_providers(const Value& value, Reading& reading, Config& config) {
  const Section section{value, reading, {"stripe", "auth", "aws", "flexprice", "langfuse", "http"}};
  if (const auto flexprice = section.find("flexprice")) read_flexprice(*flexprice, reading, config);
  if (const auto langfuse = section.find("langfuse")) read_langfuse(*langfuse, reading, config);
  if (const auto stripe = section.find("stripe")) read_stripe(*stripe, reading, config);
  if (const auto auth = section.find("auth")) {
    const Section fields{*auth, reading, {"baseUrl", "serviceToken", "timeoutMs"}};
    fields.url("baseUrl", config.providers.auth.base_url);
    fields.whole("timeoutMs", 100, 600'000, config.providers.auth.timeout_ms);
    read_credential(fields, "serviceToken", reading, config.providers.auth.service_token);
  }
  if (const auto aws = section.find("aws")) read_aws(*aws, reading, config.providers.aws);
  if (const auto http = section.find("http")) {
    const Section fields{*http, reading, {"timeoutMs"}};
    fields.whole("timeoutMs", 100, 600'000, config.providers.http.timeout_ms);
  }
}

void read_secret(const std::string& name, const Value& value, Reading& reading, Config& config) {
  if (!value.json->is_object() || names_source(*value.json)) {
    if (auto credential = credential_from(value, reading))
      config.secrets.emplace(name, *std::move(credential));
    return;
  }
  std::map<std::string, Credential> members;
  for (const auto& [member, json] : value.json->items()) {
    // Parts that are no secret, such as a user's name, may stand beside those that are.
    if (json.is_string()) {
      members.emplace(member, Credential{Credential::Source::value, json.get<std::string>(),
                                         reading.environment});
    } else if (auto credential = credential_from(value.member(member), reading)) {
      members.emplace(member, *std::move(credential));
    }
  }
  config.secrets.emplace(name, std::move(members));
}

void read_secrets(const Value& value, Reading& reading, Config& config) {
  if (!value.json->is_object())
    return reading.report.at_value(value.pointer, "expected a mapping of names to credentials");
  for (const auto& [name, ignored] : value.json->items())
    read_secret(name, value.member(name), reading, config);
}

void read_engine(const Value& value, Reading& reading, Config& config) {
  const Section section{
      value,
      reading,
      {"threads", "maxInFlight", "maxResident", "maxQueuedStarts", "leaseTtlMs", "eventTtlMs",
       "snapshotEvery", "maxRecords", "maxPayloadBytes", "maxHeldEvents", "maxHeldBytes",
       "maxUndoable", "maxUndoableBytes", "expressionTimeoutMs", "partitions"}};
  auto& engine = config.engine;
  section.whole("threads", 1, 256, engine.threads);
  section.whole("maxInFlight", 1, many, engine.max_in_flight);
  section.whole("maxResident", 1, many, engine.max_resident);
  section.whole("maxQueuedStarts", 1, many, engine.max_queued_starts);
  section.whole("leaseTtlMs", 500, 3'600'000, engine.lease_ttl_ms);
  section.whole("eventTtlMs", 1'000, 3'650 * day_ms, engine.event_ttl_ms);
  section.whole("snapshotEvery", 10, 100'000, engine.snapshot_every);
  section.whole("maxRecords", 100, many, engine.limits.max_records);
  section.whole("maxPayloadBytes", 1'024, 256 << 20, engine.limits.max_payload_bytes);
  section.whole("maxHeldEvents", 1, many, engine.limits.max_held_events);
  section.whole("maxHeldBytes", 1'024, 1 << 30, engine.limits.max_held_bytes);
  section.whole("maxUndoable", 1, many, engine.limits.max_undoable);
  section.whole("maxUndoableBytes", 1'024, 1 << 30, engine.limits.max_undoable_bytes);
  section.whole("expressionTimeoutMs", 1, 60'000, engine.expression_limits.timeout_ms);
  section.whole("partitions", 1, 4'096, config.partitions);
}

void read_http(const Value& value, Reading& reading, Config& config) {
  const Section section{value,
                        reading,
                        {"maxBodyBytes", "maxHeaderBytes", "maxConnections", "headerTimeoutMs",
                         "bodyTimeoutMs", "idleTimeoutMs"}};
  auto& http = config.http;
  section.whole("maxBodyBytes", 1'024, 256 << 20, http.max_body_bytes);
  section.whole("maxHeaderBytes", 1'024, 1 << 20, http.max_header_bytes);
  section.whole("maxConnections", 1, many, http.max_connections);
  section.whole("headerTimeoutMs", 100, 600'000, http.header_timeout_ms);
  section.whole("bodyTimeoutMs", 100, 600'000, http.body_timeout_ms);
  section.whole("idleTimeoutMs", 100, 3'600'000, http.idle_timeout_ms);
}

std::string in_folder(const std::string& path, const Reading& reading) {
  return path.empty() ? path : (std::filesystem::path(reading.folder) / path).string();
}

void read_root(const Value& value, Reading& reading, Config& config) {
  const Section section{value,
                        reading,
                        {"listen", "data", "store", "workflows", "retention", "node",
                         "drainSeconds", "storeWaitSeconds", "providers", "secrets", "engine",
                         "http", "outbound", "webhooks", "outbox", "log"}};
  section.text("listen", config.listen);
  if (section.find("data")) {
    section.text("data", config.data);
    config.data = in_folder(config.data, reading);
  }
  section.text("store", config.store);
  section.text("workflows", config.workflows);
  config.workflows = in_folder(config.workflows, reading);
  section.text("retention", config.retention);
  section.text("node", config.engine.node);
  section.whole("drainSeconds", 0, 3'600, config.drain_seconds);
  section.whole("storeWaitSeconds", 0, 86'400, config.store_wait_seconds);
  if (const auto providers = section.find("providers")) read_providers(*providers, reading, config);
  if (const auto secrets = section.find("secrets")) read_secrets(*secrets, reading, config);
  if (const auto engine = section.find("engine")) read_engine(*engine, reading, config);
  if (const auto http = section.find("http")) read_http(*http, reading, config);
  if (const auto outbound = section.find("outbound")) {
    const Section fields{
        *outbound, reading, {"threads", "maxConnectionsPerHost", "maxConnections"}};
    fields.whole("threads", 1, 64, config.outbound.threads);
    fields.whole("maxConnectionsPerHost", 1, 65'535, config.outbound.max_connections_per_host);
    fields.whole("maxConnections", 1, 65'535, config.outbound.max_connections);
  }
  if (const auto webhooks = section.find("webhooks"))
    read_webhooks(*webhooks, reading, config.webhooks);
  if (const auto sinks = section.find("outbox")) read_outbox(*sinks, reading, config.sinks);
  if (const auto log = section.find("log")) {
    const Section fields{*log, reading, {"level"}};
    fields.one_of("level", {"trace", "debug", "info", "warn", "error", "off"}, config.log_level);
  }
}

Result<void> read_config_file(const std::string& path, const Environment& environment,
                              Config& config) {
  constexpr std::size_t max_bytes = 1 << 20;
  const auto text = read_file(path, max_bytes);
  if (!text) return std::unexpected(text.error());
  Error error{.code = ErrorCode::invalid_request,
              .detail = "The configuration " + path + " has mistakes."};
  const auto document = definition::read_document(*text, {.max_bytes = max_bytes});
  if (!document) {
    error.findings = document.error();
    for (auto& finding : error.findings) finding.file = path;
    return std::unexpected(std::move(error));
  }
  Report report{*document, path};
  for (auto finding : document->findings) report.add(std::move(finding));
  Reading reading{report, environment, std::filesystem::path(path).parent_path().string()};
  read_root(Value{.json = &document->root, .pointer = ""}, reading, config);
  if (report.empty()) return {};
  error.findings = report.take();
  return std::unexpected(std::move(error));
}

/// The environment goes over the file: what differs from one place to the next.
Result<void> read_variables(const Environment& environment, Config& config) {
  const auto put = [&environment](const char* name, std::string& into) {
    if (auto value = environment(name)) into = *std::move(value);
  };
  put("SEQUENT_LISTEN", config.listen);
  put("SEQUENT_DATA", config.data);
  put("SEQUENT_STORE", config.store);
  put("SEQUENT_RETENTION", config.retention);
  put("SEQUENT_WORKFLOWS", config.workflows);
  put("SEQUENT_NODE", config.engine.node);
  put("SEQUENT_LOG_LEVEL", config.log_level);
  put("SEQUENT_STRIPE_BASE_URL", config.providers.stripe.base_url);
  put("SEQUENT_STRIPE_API_VERSION", config.providers.stripe.api_version);
  put("SEQUENT_AUTH_BASE_URL", config.providers.auth.base_url);
  read_aws_variables(environment, config.providers.aws);
  put("SEQUENT_FLEXPRICE_BASE_URL", config.providers.flexprice.base_url);
  put("SEQUENT_FLEXPRICE_ENVIRONMENT_ID", config.providers.flexprice.environment_id);
  put("SEQUENT_LANGFUSE_BASE_URL", config.providers.langfuse.base_url);
  const auto credential = [&environment](const char* name) {
    return Credential{Credential::Source::env, name, environment};
  };
  if (environment("SEQUENT_STRIPE_API_KEY"))
    config.providers.stripe.api_key = source_of(credential("SEQUENT_STRIPE_API_KEY"));
  if (environment("SEQUENT_AUTH_SERVICE_TOKEN"))
    config.providers.auth.service_token = source_of(credential("SEQUENT_AUTH_SERVICE_TOKEN"));
  const auto put_credential = [&](const char* name, activities::CredentialSource& into) {
    if (environment(name)) into = source_of(credential(name));
  };
  put_credential("SEQUENT_FLEXPRICE_API_KEY", config.providers.flexprice.api_key);
  put_credential("SEQUENT_LANGFUSE_PUBLIC_KEY", config.providers.langfuse.public_key);
  put_credential("SEQUENT_LANGFUSE_SECRET_KEY", config.providers.langfuse.secret_key);
  if (environment("SEQUENT_STRIPE_WEBHOOK_SECRET"))
    config.stripe_webhook_secrets = {credential("SEQUENT_STRIPE_WEBHOOK_SECRET")};
  if (const auto read = read_outbox_variables(environment, config.sinks); !read) return read;
  const std::vector<std::string> levels{"trace", "debug", "info", "warn", "error", "off"};
  if (std::find(levels.begin(), levels.end(), config.log_level) != levels.end()) return {};
  return fail(ErrorCode::invalid_request,
              "Expected SEQUENT_LOG_LEVEL to be trace, debug, info, warn, error or off, got `" +
                  config.log_level + "`.");
}

/// The engine's view of secrets: the environment first, then the file. `config` outlives it.
std::optional<Json> find_secret(const Config& config, const Environment& environment,
                                const std::string& name) {
  if (const auto value = environment(secret_variable(name))) return secret_value(*value);
  const auto found = config.secrets.find(name);
  if (found == config.secrets.end()) return std::nullopt;
  if (const auto* credential = std::get_if<Credential>(&found->second)) {
    const auto text = credential->read();
    if (!text) return std::nullopt;
    return secret_value(*text);
  }
  Json object = Json::object();
  for (const auto& [member, credential] :
       std::get<std::map<std::string, Credential>>(found->second)) {
    const auto text = credential.read();
    if (!text) return std::nullopt;
    object[member] = *text;
  }
  return object;
}

}  // namespace

Result<std::shared_ptr<Config>> load_config(const std::string& path,
                                            const Environment& environment) {
  auto config = std::make_shared<Config>();
  config->file = path;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  config->engine.threads = std::max(2, cores - 1);
  config->outbound.threads = static_cast<std::size_t>(std::clamp(cores / 2, 1, 4));
  if (!path.empty())
    if (const auto read = read_config_file(path, environment, *config); !read)
      return std::unexpected(read.error());
  if (const auto read = read_variables(environment, *config); !read)
    return std::unexpected(read.error());
  // Weak: the engine's copy of this function lives inside the configuration itself.
  config->engine.secret = [weak = std::weak_ptr<const Config>(config),
                           environment](const std::string& name) -> std::optional<Json> {
    const auto held = weak.lock();
    if (!held) return std::nullopt;
    return find_secret(*held, environment, name);
  };
  return config;
}

}  // namespace sequent::cli
