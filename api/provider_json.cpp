#include "api/provider_json.hpp"

#include "api/run_json.hpp"

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
  const auto view = context.ports.engine.provider(circuit);
  if (!view) return "is parked on " + circuit.name() + " and is let go when its turn comes";
  return "is parked on " + circuit.name() + ", " + provider_text(*view, now);
}

}  // namespace

std::string provider_text(const runtime::ProviderView& view, Timestamp now) {
  const auto& circuit = view.circuit;
  if (circuit.position == outages::Position::closed) {
    const double rate = view.drain_per_second > 0 ? view.drain_per_second : view.per_second;
    std::string text = "which is back: parked calls leave in order";
    if (rate > 0) text += ", up to " + std::to_string(static_cast<int>(rate + 0.5)) + " a second";
    return text;
  }
  std::string text(outages::name_of(circuit.position));
  text += " since " + clock_time(circuit.opened_at != 0 ? circuit.opened_at : circuit.since);
  if (!circuit.reason.empty()) text += " (" + circuit.reason + ")";
  if (circuit.position == outages::Position::half_open) return text + ", canaries are out";
  if (circuit.probe_at == 0) return text + ", until an operator closes it";
  if (circuit.probe_at <= now) return text + ", next canary now";
  return text + ", next canary in " + format_duration(circuit.probe_at - now);
}

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
  const auto rate = [](double value) { return value > 0 ? Json(value) : Json(nullptr); };
  json["limit"] = {
      {"perSecond", rate(circuit.most_per_second)},
      {"atOnce", circuit.most_at_once == 0 ? Json(nullptr) : Json(circuit.most_at_once)},
      {"adaptedPerSecond", view.adapted ? Json(view.per_second) : Json(nullptr)}};
  json["drainPerSecond"] = rate(view.drain_per_second);
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
                           {"nextCanaryAt", optional_time(view->circuit.probe_at)}});
  json["why"] = why;
  json["chain"] = std::move(chain);
}

}  // namespace sequent::api
