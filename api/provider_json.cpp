#include "api/provider_json.hpp"

#include "api/run_json.hpp"
#include "base/assert.hpp"

namespace sequent::api {
namespace {

constexpr int longest_chain = 16;

std::string clock_time(Timestamp at) {
  return format_time(at).substr(11, 8) + "Z";
}

Json window_json(const runtime::ProviderView& view) {
  return {{"calls", view.rates.volume},
          {"failed", view.rates.failed},
          {"throttled", view.rates.throttled},
          {"errorRate", view.rates.error_rate},
          {"meanLatencyMs", view.rates.mean_latency_ms},
          {"failedInARow", view.circuit.failed_in_a_row}};
}

Json rate_json(double value) {
  return value > 0 ? Json(value) : Json(nullptr);
}

Json limit_json(const runtime::ProviderView& view) {
  const auto& circuit = view.circuit;
  return {{"perSecond", rate_json(circuit.most_per_second)},
          {"atOnce", circuit.most_at_once == 0 ? Json(nullptr) : Json(circuit.most_at_once)},
          {"adaptedPerSecond", view.adapted ? Json(view.per_second) : Json(nullptr)}};
}

std::string rate_text(double rate) {
  if (rate < 1) return std::to_string(static_cast<std::int64_t>(rate * 60 + 0.5)) + " a minute";
  const auto tenths = static_cast<std::int64_t>(rate * 10 + 0.5);
  std::string text = std::to_string(tenths / 10);
  if (tenths < 100 && tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + " a second";
}

std::string pace_text(const runtime::ProviderView& view) {
  double rate = view.drain_per_second;
  if (view.per_second > 0 && (rate <= 0 || view.per_second < rate)) rate = view.per_second;
  return rate > 0 ? ", up to " + rate_text(rate) : std::string{};
}

/// "stripe/acct_1 takes at most 2 calls at once (2 are under way)"; "" without a limit.
std::string limit_text(const runtime::ProviderView& view) {
  const auto& circuit = view.circuit;
  std::string text;
  const auto add = [&](const std::string& limit) { text += (text.empty() ? "" : ", ") + limit; };
  if (circuit.most_at_once > 0)
    add("at most " + std::to_string(circuit.most_at_once) +
        (circuit.most_at_once == 1 ? " call" : " calls") + " at once (" +
        std::to_string(view.in_flight) + (view.in_flight == 1 ? " is" : " are") + " under way)");
  if (circuit.most_per_second > 0) add("at most " + rate_text(circuit.most_per_second));
  if (view.adapted && (circuit.most_per_second <= 0 || view.per_second < circuit.most_per_second))
    add("about " + rate_text(view.per_second) + ", as it answered 429 above that");
  return text.empty() ? text : view.id.name() + " takes " + text;
}

/// Those of the circuit, and of its provider as a whole.
std::string limits_text(Context& context, const definition::CircuitId& circuit,
                        const runtime::ProviderView& view) {
  std::string text = limit_text(view);
  if (view.id == circuit.whole()) return text;
  const auto whole = context.ports.engine.provider(circuit.whole());
  const std::string of_whole = whole ? limit_text(*whole) : std::string{};
  if (of_whole.empty()) return text;
  return (text.empty() ? "" : text + "; ") + of_whole;
}

/// "open since 14:02:10Z (5 calls failed in a row), next canary in 12 s".
std::string provider_text(const runtime::ProviderView& view, Timestamp now) {
  const auto& circuit = view.circuit;
  SEQUENT_ASSERT(circuit.position != outages::Position::closed);
  std::string text(outages::name_of(circuit.position));
  text += " since " + clock_time(circuit.opened_at != 0 ? circuit.opened_at : circuit.since);
  if (!circuit.reason.empty()) text += " (" + circuit.reason + ")";
  if (circuit.position == outages::Position::half_open) return text + ", canaries are out";
  if (circuit.probe_at == 0) return text + ", until an operator closes it";
  if (circuit.probe_at <= now) return text + ", next canary now";
  return text + ", next canary in " + format_duration(circuit.probe_at - now);
}

// What wakes a run that waits for this, as a clause that follows "which".
std::string clause(Context& context, const machine::WaitingFor& waiting, Timestamp now) {
  const auto due = [&](Timestamp at) {
    return at > now ? "in " + format_duration(at - now) : std::string("now");
  };
  if (waiting.kind == "timer") return "waits for a timer, due " + due(waiting.until);
  if (waiting.kind == "event") {
    std::string text = "waits for " + (waiting.detail.empty() ? "an event" : waiting.detail);
    return waiting.until == 0 ? text : text + ", until " + clock_time(waiting.until);
  }
  if (waiting.kind == "activity" && waiting.until != 0)
    return "tries " + waiting.operation + " again " + due(waiting.until) +
           (waiting.error_type.empty() ? "" : " after " + waiting.error_type);
  if (waiting.kind == "activity") return "has a call of " + waiting.operation + " under way";
  if (waiting.kind != "parked") return "goes on by itself";
  if (waiting.reason == "retries_exhausted")
    return "is " + waiting.detail + "; an operator's retry, skip or cancel wakes it";
  const auto circuit = definition::circuit_from(waiting.circuit);
  const std::string parked = "is parked on " + circuit.name();
  const auto view = context.ports.engine.provider(circuit);
  if (!view) return parked + " and is let go when its turn comes";
  if (view->circuit.position != outages::Position::closed)
    return parked + ", " + provider_text(*view, now);
  const auto limits = limits_text(context, circuit, *view);
  const auto pace = pace_text(*view);
  if (waiting.reason != "limit")
    return parked + ", which is back: parked calls leave in order" + pace +
           (limits.empty() ? "" : "; " + limits);
  if (limits.empty()) return parked + " behind calls that leave before it, in order" + pace;
  return parked + " until its turn comes: " + limits;
}

}  // namespace

Json provider_json(const runtime::ProviderView& view) {
  const auto& circuit = view.circuit;
  const auto part = [](const std::string& text) {
    return text == "*" ? Json(nullptr) : Json(text);
  };
  Json json = Json::object();
  json["provider"] = view.id.provider;
  json["account"] = part(view.id.account);
  json["class"] = part(view.id.operation_class);
  json["state"] = outages::name_of(circuit.position);
  json["cause"] = outages::name_of(circuit.cause);
  json["reason"] = optional_text(circuit.reason);
  json["by"] = optional_text(circuit.by);
  json["since"] = optional_time(circuit.since);
  json["openedAt"] = optional_time(circuit.opened_at);
  json["nextCanaryAt"] = optional_time(circuit.probe_at);
  json["window"] = window_json(view);
  json["lastError"] = optional_text(circuit.last_error);
  json["lastFailedAt"] = optional_time(circuit.last_failed_at);
  json["inFlight"] = view.in_flight;
  json["limit"] = limit_json(view);
  json["drainPerSecond"] = rate_json(view.drain_per_second);
  json["parked"] = {{"calls", view.parked},
                    {"since", optional_time(view.parked_since)},
                    {"earliestDeadline", optional_time(view.earliest_deadline)},
                    {"atRisk", view.at_risk}};
  json["maintenance"] = Json::array();
  for (const auto& window : circuit.maintenance)
    json["maintenance"].push_back({{"from", format_time(window.from)},
                                   {"to", format_time(window.to)},
                                   {"reason", window.reason},
                                   {"by", window.by}});
  return json;
}

asio::awaitable<void> add_why(Context& context, const runtime::RunDetails& run, Json& json) {
  if (run.view.waiting_for.kind.empty() || machine::is_ended(run.view.status)) co_return;
  const Timestamp now = context.ports.clock.now();
  std::string why = "it ";
  if (run.view.undoing) why += machine::said(*run.view.undoing) + ": it ";
  Json chain = Json::array();
  machine::WaitingFor waiting = run.view.waiting_for;
  for (int links = 0; links < longest_chain && waiting.kind == "child"; ++links) {
    const InstanceId child = waiting.child;
    why += "waits for child " + child.text() + ", which ";
    auto reading = context.ports.engine.read(child);
    const auto read = co_await std::move(reading);
    if (!read) {
      why += "is about to start";
      break;
    }
    waiting = read->view.waiting_for;
    Json link{{"run", child.text()}, {"status", machine::name_of(read->view.status)}};
    link["task"] = optional_text(read->view.task);
    link["waitingFor"] = optional_text(waiting.kind);
    chain.push_back(std::move(link));
    if (read->view.undoing) why += machine::said(*read->view.undoing) + " and ";
    if (read->view.status == machine::Status::suspended) {
      why += "an operator holds: resume wakes it";
      waiting.kind.clear();
    } else if (waiting.kind.empty()) {
      why += "is " + std::string(machine::name_of(read->view.status));
    }
    if (waiting.kind.empty()) break;
  }
  if (run.view.status == machine::Status::suspended)
    why = "an operator holds it: resume wakes it";
  else if (!waiting.kind.empty() && waiting.kind != "child")
    why += clause(context, waiting, now);
  if (waiting.kind == "parked" && waiting.reason != "retries_exhausted")
    if (const auto view = context.ports.engine.provider(definition::circuit_from(waiting.circuit)))
      chain.push_back(Json{{"provider", view->id.name()},
                           {"state", outages::name_of(view->circuit.position)},
                           {"since", optional_time(view->circuit.opened_at)},
                           {"limit", limit_json(*view)},
                           {"nextCanaryAt", optional_time(view->circuit.probe_at)}});
  json["why"] = why;
  json["chain"] = std::move(chain);
}

}  // namespace sequent::api
