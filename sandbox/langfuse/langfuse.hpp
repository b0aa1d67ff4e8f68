#pragma once
// The Langfuse stand-in: a project that takes traces in both ways and shows them a little later.
#include <map>
#include <string>
#include <vector>

#include "sandbox/json_stand_in.hpp"

namespace sequent::sandbox::langfuse {

struct LangfuseOptions {
  std::uint64_t seed = 1;
  std::string public_key = "pk-lf-sandbox";
  std::string secret_key = "sk-lf-sandbox";
  DurationMs visible_after_ms = 1'000;  // until reads show what was written
};

/// A trace or an observation, merged from everything that was sent of it.
struct Entity {
  Json members = Json::object();
  Timestamp visible_at = 0;
};

/// What one envelope is told, before anything else is looked at.
struct EventError {
  std::string type;  // empty: every type
  int status = 500;
  std::int64_t times = 1;
};

/// POST /api/public/ingestion         207 {successes, errors}; stored once per envelope id
/// POST /api/public/otel/v1/traces    200 {}; one bad span refuses all
/// GET  /api/public/traces[/{id}], DELETE /api/public/traces/{id}, GET /api/public/v2/observations
/// Administration as in json_stand_in.hpp, and:
///   GET  /_sandbox/repeated      how many envelopes came again and changed nothing
///   POST /_sandbox/event-errors  {status, type?, times?}: errors inside of 207
///   POST /_sandbox/settings      {eventsOnly?, visibleAfterMs?}: eventsOnly refuses all of ingestion
///                                but scores and logs, as version 4 does
class LangfuseStandIn final : public JsonStandIn {
 public:
  explicit LangfuseStandIn(LangfuseOptions options);

 protected:
  [[nodiscard]] Reply serve(const net::ServerRequest& request, Timestamp now) override;
  [[nodiscard]] std::string route_of(const net::ServerRequest& request) const override;
  [[nodiscard]] Reply worded(const Fault& fault) const override;
  [[nodiscard]] std::optional<Reply> administer(const net::ServerRequest& request,
                                                Timestamp now) override;
  [[nodiscard]] Json state(Timestamp now) const override;
  void forget_everything() override;

 private:
  struct EventAnswer {
    int status = 201;
    std::string message;
  };
  [[nodiscard]] Reply ingest(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] EventAnswer take_event(const Json& event, Timestamp now);
  void merge(std::map<std::string, Entity>& into, const std::string& id, const Json& body,
             Timestamp now);
  [[nodiscard]] Reply take_spans(const net::ServerRequest& request, Timestamp now);
  [[nodiscard]] Reply list_traces(const net::ServerRequest& request, Timestamp now) const;
  [[nodiscard]] Reply read_trace(const std::string& id, Timestamp now) const;
  [[nodiscard]] Reply list_observations(const net::ServerRequest& request, Timestamp now) const;
  [[nodiscard]] Reply add_event_error(const net::ServerRequest& request);
  [[nodiscard]] Reply change_settings(const net::ServerRequest& request);

  LangfuseOptions options_;
  bool events_only_ = false;
  DurationMs visible_after_ms_;
  std::vector<EventError> event_errors_;
  std::map<std::string, Json> envelopes_;  // by id, as first sent
  std::int64_t repeated_envelopes_ = 0;
  std::map<std::string, Entity> traces_;
  std::map<std::string, Entity> observations_;
};

/// An error in Langfuse's shape.
[[nodiscard]] Reply refusal(int status, const std::string& message);
/// What reads need of a query: each parameter's last value, and all values of lists.
using Query = std::multimap<std::string, std::string>;
[[nodiscard]] Query query_of(const net::ServerRequest& request);
[[nodiscard]] std::string last_of(const Query& query, const std::string& name);
/// A trace as lists show it: without the group `metrics` its figures are -1.
[[nodiscard]] Json shown_trace(const std::string& id, const Entity& trace, bool with_metrics);
[[nodiscard]] bool trace_fits(const Json& trace, const Query& query);

}  // namespace sequent::sandbox::langfuse
