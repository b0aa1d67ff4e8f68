#pragma once
// The HTTP API of one node: resources under /api/v1, routes that workflows bind, webhooks, health,
// metrics and the documentation of itself. DESIGN.md sections 6 and 9 name the surface.
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/principal.hpp"
#include "api/webhook_source.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/queries.hpp"
#include "engine/runtime/repair_store.hpp"
#include "engine/runtime/sinks.hpp"
#include "net/http_server.hpp"

namespace sequent::api {

struct ApiConfig {
  std::vector<std::string> stripe_webhook_secrets;  // several while one is rolled; never printed
  int webhook_tolerance_seconds = 300;
  std::vector<WebhookSource> webhook_sources;  // POST /webhooks/{source}, besides Stripe's
  bool allow_unsigned_webhooks = false;        // …?manual=true; never in production
  std::size_t default_page_size = 50;
  std::size_t max_page_size = 500;
  std::size_t max_batch_events = 100;  // in one POST /events
  int max_wait_seconds = 60;           // cap of `Prefer: wait` and `?wait=`
  int trigger_wait_seconds = 30;       // of bound routes, where the caller names no wait
  int heartbeat_ms = 15'000;           // of live views, so that proxies keep a quiet one open
  int max_json_depth = 128;
  std::string documentation_base;  // put before "/problems/<slug>"; empty = served here
  /// More figures for /metrics, in the same format, of what stands beside the API. Empty = none.
  std::function<std::string()> more_metrics;
  /// Who asks. Empty = everybody is "anonymous" with every role.
  /// errors  unauthenticated
  std::function<Result<Principal>(const net::ServerRequest&)> authenticate;
};

/// Reads a provider's own lists and objects with the node's key, for a comparison at a client's side.
/// shape   {object} or, where the provider refused or was silent, {failure {outcome, status, title,
///         detail, retryAfterMs}}; with {answerWithinMs}, the time limit of an attempt
/// errors  not_found: the node has no key of this provider; invalid_request: a path that nothing that
///         workflows make stands at
using ProviderLists = std::function<boost::asio::awaitable<Result<Json>>(
    std::string provider, std::string path, Json parameters, std::string account)>;

/// All must outlive the Api. `pool` runs what blocks.
struct ApiPorts {
  runtime::Engine& engine;
  runtime::RunQueries& runs;
  runtime::Inbox& inbox;
  runtime::RecordReads& records;
  runtime::AuditLog& audit;
  const runtime::ActivityRegistry& activities;
  const runtime::Clock& clock;
  boost::asio::thread_pool& pool;
  runtime::RepairStore& repairs;
  std::function<void()> batches_changed;  // wakes who works on them; may be empty
  runtime::Sinks* sinks = nullptr;        // of the outbox; null: there are none
  ProviderLists provider_lists = {};      // empty: the node reads none
};

struct Context;

/// threads  handler() may be called from any number of connections at once
class Api {
 public:
  Api(ApiConfig config, ApiPorts ports);
  ~Api();

  [[nodiscard]] net::Handler handler();
  [[nodiscard]] net::ErrorBody error_body();

 private:
  std::shared_ptr<Context> context_;
};

}  // namespace sequent::api
