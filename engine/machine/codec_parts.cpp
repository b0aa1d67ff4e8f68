#include <stdexcept>

#include "engine/machine/json_fields.hpp"

namespace sequent::machine {
namespace {

constexpr std::string_view outcome_names[] = {"transient", "permanent", "unknown"};

Outcome outcome_from(const std::string& name) {
  for (std::size_t i = 0; i < 3; ++i)
    if (outcome_names[i] == name) return static_cast<Outcome>(i);
  throw std::runtime_error("unknown outcome \"" + name + "\"");
}

}  // namespace

Json failure_to_json(const Failure& failure) {
  Json json{{"outcome", outcome_names[static_cast<std::size_t>(failure.outcome)]},
            {"problem", to_json(failure.problem)}};
  if (failure.retry_after_ms != 0) json["retryAfterMs"] = failure.retry_after_ms;
  if (failure.key_spent) json["keySpent"] = true;
  if (failure.throttled) json["throttled"] = true;
  return json;
}

Failure failure_from_json(Json& json) {
  const FieldReader in(json);
  return {.outcome = outcome_from(in.text("outcome")),
          .problem = problem_from_json(in.member("problem")),
          .retry_after_ms = in.number<DurationMs>("retryAfterMs"),
          .key_spent = in.flag("keySpent"),
          .throttled = in.flag("throttled")};
}

Json child_to_json(const ChildState& child) {
  Json json{{"id", child.id.text()},
            {"namespace", child.workflow.workflow_namespace},
            {"name", child.workflow.name},
            {"version", child.workflow.version}};
  if (child.input) json["input"] = *child.input;
  if (!child.await) json["await"] = false;
  if (child.launched) json["launched"] = true;
  if (child.retry) json["retry"] = true;
  if (child.again) json["again"] = true;
  return json;
}

ChildState child_from_json(Json& json) {
  const FieldReader in(json);
  return {.id = id_from_text(in.text("id")),
          .workflow = {in.text("namespace"), in.text("name"), in.text("version")},
          .input = in.value("input"),
          .await = !in.has("await"),
          .launched = in.flag("launched"),
          .retry = in.flag("retry"),
          .again = in.flag("again")};
}

Json subscriptions_to_json(const std::vector<Subscription>& subscriptions) {
  auto list = Json::array();
  for (const auto& subscription : subscriptions) {
    Json json{{"filter", subscription.filter}};
    if (!subscription.expectations.empty()) json["expectations"] = subscription.expectations;
    if (subscription.until) json["until"] = true;
    if (subscription.matched) json["matched"] = true;
    list.push_back(std::move(json));
  }
  return list;
}

std::vector<Subscription> subscriptions_from_json(Json& json) {
  std::vector<Subscription> list;
  for (auto& each : json) {
    const FieldReader in(each);
    Subscription subscription{.filter = in.number<std::uint32_t>("filter"),
                              .until = in.flag("until"),
                              .matched = in.flag("matched")};
    if (in.has("expectations"))
      subscription.expectations = in.member("expectations").get<std::map<std::string, Json>>();
    list.push_back(std::move(subscription));
  }
  return list;
}

std::string id_text(const InstanceId& id) {
  return id == InstanceId{} ? std::string{} : id.text();
}

InstanceId id_from_text(const std::string& text) {
  if (text.empty()) return {};
  const auto id = InstanceId::parse(text);
  if (!id) throw std::runtime_error("\"" + text + "\" is no instance id");
  return *id;
}

Phase phase_from(const std::string& name) {
  for (auto i = 0; i <= static_cast<int>(Phase::faulted); ++i)
    if (name_of(static_cast<Phase>(i)) == name) return static_cast<Phase>(i);
  throw std::runtime_error("unknown phase \"" + name + "\"");
}

ParkReason park_reason_from(const std::string& name) {
  for (const auto reason :
       {ParkReason::retries_exhausted, ParkReason::provider_open, ParkReason::limit})
    if (name_of(reason) == name) return reason;
  throw std::runtime_error("unknown park reason \"" + name + "\"");
}

}  // namespace sequent::machine
