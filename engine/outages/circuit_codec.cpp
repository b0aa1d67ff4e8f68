// A circuit as the store keeps it. Absent members are what they are in a fresh one.
#include "base/json.hpp"
#include "engine/outages/circuit.hpp"

namespace sequent::outages {
namespace {

template <class T>
void read(const Json& json, const char* name, T& into) {
  if (const auto found = json.find(name); found != json.end() && !found->is_null())
    into = found->get<T>();
}

template <class Kind, std::size_t n>
Kind kind_from(const Json& json, const char* name, const Kind (&kinds)[n]) {
  const std::string text = text_of(json, name);
  for (const Kind kind : kinds)
    if (name_of(kind) == text) return kind;
  return kinds[0];
}

Circuit circuit_from_json(const Json& json) {
  constexpr Position positions[] = {Position::closed, Position::half_open, Position::open};
  constexpr Cause causes[] = {Cause::none, Cause::evidence, Cause::hand, Cause::maintenance};
  Circuit c;
  c.position = kind_from(json, "position", positions);
  c.cause = kind_from(json, "cause", causes);
  read(json, "reason", c.reason);
  read(json, "by", c.by);
  read(json, "since", c.since);
  read(json, "openedAt", c.opened_at);
  read(json, "probeAt", c.probe_at);
  read(json, "openings", c.openings);
  read(json, "prober", c.prober);
  read(json, "probingUntil", c.probing_until);
  read(json, "canariesSent", c.canaries_sent);
  read(json, "canariesAnswered", c.canaries_answered);
  read(json, "failedInARow", c.failed_in_a_row);
  read(json, "rowSince", c.row_since);
  read(json, "lastFailedAt", c.last_failed_at);
  read(json, "lastError", c.last_error);
  read(json, "failing", c.failing);
  read(json, "mostPerSecond", c.most_per_second);
  read(json, "mostAtOnce", c.most_at_once);
  read(json, "learntPerSecond", c.learnt_per_second);
  read(json, "learntAt", c.learnt_at);
  for (const auto& one : json.value("window", Json::array()))
    c.window.push_back({.from = one.at(0),
                        .answered = one.at(1),
                        .failed = one.at(2),
                        .throttled = one.at(3),
                        .latency_ms = one.at(4)});
  for (const auto& one : json.value("maintenance", Json::array())) {
    Window window;
    read(one, "from", window.from);
    read(one, "to", window.to);
    read(one, "reason", window.reason);
    read(one, "by", window.by);
    c.maintenance.push_back(std::move(window));
  }
  return c;
}

}  // namespace

std::string encode(const Circuit& c) {
  Json json{{"position", name_of(c.position)}, {"cause", name_of(c.cause)}};
  json["reason"] = c.reason;
  json["by"] = c.by;
  json["since"] = c.since;
  json["openedAt"] = c.opened_at;
  json["probeAt"] = c.probe_at;
  json["openings"] = c.openings;
  json["prober"] = c.prober;
  json["probingUntil"] = c.probing_until;
  json["canariesSent"] = c.canaries_sent;
  json["canariesAnswered"] = c.canaries_answered;
  json["failedInARow"] = c.failed_in_a_row;
  json["rowSince"] = c.row_since;
  json["lastFailedAt"] = c.last_failed_at;
  json["lastError"] = c.last_error;
  json["failing"] = c.failing;
  json["mostPerSecond"] = c.most_per_second;
  json["mostAtOnce"] = c.most_at_once;
  json["learntPerSecond"] = c.learnt_per_second;
  json["learntAt"] = c.learnt_at;
  json["window"] = Json::array();
  for (const auto& b : c.window)
    json["window"].push_back(
        Json::array({b.from, b.answered, b.failed, b.throttled, b.latency_ms}));
  json["maintenance"] = Json::array();
  for (const auto& w : c.maintenance)
    json["maintenance"].push_back(
        Json{{"from", w.from}, {"to", w.to}, {"reason", w.reason}, {"by", w.by}});
  return dump_json(json);
}

Circuit decode(const std::string& text) {
  auto json = parse_json(text);
  if (!json || !json->is_object()) return {};
  try {
    return circuit_from_json(*json);
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace sequent::outages
