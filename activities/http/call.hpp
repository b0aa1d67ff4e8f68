#pragma once
#include "activities/http/authentication.hpp"
#include "activities/http/token_source.hpp"
#include "activities/providers.hpp"
#include "engine/runtime/activity.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::http {

/// http: the DSL's `call: http`.
/// shape   see request.hpp and response.hpp
/// errors  see outcome.hpp; no answer: transient when nothing was sent or the method is idempotent,
///         else unknown
/// effect  POST and PATCH carry an Idempotency-Key, the same for a day: a server that honours it
///         sees the call once, another one at least once. After that day nothing can be said, and
///         an unknown outcome waits for an operator.
/// source  Serverless Workflow DSL 1.0.3: HTTP call, HTTP response, authentication
class HttpCall final : public runtime::Activity {
 public:
  HttpCall(HttpConfig config, net::HttpClient& client);

  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
  /// Repeating an idempotent method is harmless: it counts as absent.
  boost::asio::awaitable<runtime::Reconciliation> reconcile(runtime::Attempt attempt,
                                                            Json input) override;

 private:
  HttpConfig config_;
  net::HttpClient& client_;
  TokenSource tokens_;
  runtime::ActivitySpec spec_;
};

}  // namespace sequent::activities::http
