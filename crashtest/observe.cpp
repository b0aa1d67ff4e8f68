#include "crashtest/observe.hpp"

#include <algorithm>
#include <array>

#include "crashtest/request.hpp"
#include "crashtest/volatile_names.hpp"
#include "engine/machine/codec.hpp"

namespace sequent::crashtest {
namespace {

constexpr std::size_t most_observed_runs = 500;
constexpr std::size_t most_records = 10'000;

net::ServerRequest get(const std::string& path) {
  net::ServerRequest request;
  request.method = "GET";
  request.path = path;
  request.remote = "127.0.0.1";
  return request;
}

void sort_items(Json& list) {
  std::sort(list.begin(), list.end(),
            [](const Json& a, const Json& b) { return dump_json(a) < dump_json(b); });
}

Result<Json> runs_of(Player& player) {
  const auto page = player.store().list(runtime::RunFilter{}, "", most_observed_runs);
  if (!page) return std::unexpected(page.error());
  Json runs = Json::array();
  for (const auto& summary : page->runs) {
    auto answer = player.ask(get("/api/v1/runs/" + summary.id.text()));
    if (!answer) return std::unexpected(answer.error());
    Json seen = observed_run(body_of(*answer));
    // Where it stands matters only while it stands.
    if (summary.row.ended_at == 0)
      seen["waitingFor"] = {{"kind", summary.row.waiting_kind},
                            {"task", summary.row.task},
                            {"reason", summary.row.park_reason}};
    runs.push_back(std::move(seen));
  }
  return runs;
}

Result<machine::Records> journal_of(Player& player, const InstanceId& id) {
  machine::Records all;
  while (true) {
    const auto after = all.empty() ? 0 : all.back().seq;
    const auto rows = player.store().journal(id, after, most_records);
    if (rows.empty()) return all;
    for (const auto& text : rows) {
      auto records = machine::decode(text);
      if (!records) return std::unexpected(records.error());
      for (auto& record : *records) all.push_back(std::move(record));
    }
  }
}

Json records_of(Player& player) {
  Json records = Json::object();
  for (const auto& collection : player.checkpoints().collections) {
    Json list = Json::array();
    for (const auto& [key, value] : player.store().list(collection, "", most_records))
      list.push_back({{"key", key}, {"value", value}});
    records[collection] = std::move(list);
  }
  return records;
}

// Made for one use within minutes: one more that nobody used changes nothing for anybody.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> fleeting = {
    {{"token", "POST /v1/tokens"}, {"account_link", "POST /v1/account_links"}}};

bool makes_fleeting(const std::string& route) {
  return std::ranges::any_of(fleeting, [&](const auto& kind) { return kind.second == route; });
}

// Without what is fleeting.
Json lasting_effects(const Json& calls) {
  Json effects = calls.value("effects", Json::object());
  for (const auto& kind : fleeting) effects.erase(std::string(kind.first));
  return effects;
}

Json lasting_duplicates(const Json& calls) {
  Json lasting = Json::array();
  for (const auto& twice : calls.value("duplicateEffects", Json::array()))
    if (std::ranges::none_of(fleeting,
                             [&](const auto& kind) { return twice.at("kind") == kind.first; }))
      lasting.push_back(twice);
  return lasting;
}

// Repeats of a call are no difference, a second effect under a key is.
Json effects_of(const Json& calls) {
  Json by_key = Json::array();
  for (const auto& key : calls.value("idempotencyKeys", Json::array())) {
    if (key.at("effects").empty()) continue;
    Json routes = Json::array();
    for (const auto& [route, count] : key.at("routes").items())
      if (!makes_fleeting(route)) routes.push_back(route);
    if (routes.empty()) continue;
    by_key.push_back({{"account", key.at("account")},
                      {"effects", key.at("effects").size()},
                      {"routes", std::move(routes)}});
  }
  sort_items(by_key);
  return {{"effects", lasting_effects(calls)},
          {"effectsByKey", std::move(by_key)},
          {"duplicateEffects", lasting_duplicates(calls)}};
}

Json provider_of(Player& player, const std::string& name) {
  return observed_provider(body_of(player.outside().ask(name, get("/_sandbox/state"))),
                           body_of(player.outside().ask(name, get("/_sandbox/calls"))));
}

struct Comparison {
  const std::set<std::string>& random;
  std::size_t most;
  std::vector<Change> changes;

  void compare(const Json& expected, const Json& observed, const std::string& pointer) {
    if (changes.size() >= most || expected == observed) return;
    const bool lists = expected.is_array() && observed.is_array();
    const bool objects = expected.is_object() && observed.is_object();
    if (!objects && (!lists || expected.size() != observed.size())) {
      const bool both_random =
          expected.is_string() && observed.is_string() && random.contains(pointer);
      if (!both_random)
        changes.push_back({.pointer = pointer, .expected = expected, .observed = observed});
      return;
    }
    if (lists) {
      for (std::size_t i = 0; i < expected.size(); ++i)
        compare(expected[i], observed[i], pointer + "/" + std::to_string(i));
      return;
    }
    Json names = expected;
    names.update(observed);
    for (const auto& entry : names.items())
      compare(expected.value(entry.key(), Json()), observed.value(entry.key(), Json()),
              pointer + "/" + entry.key());
  }
};

bool inside_a_state(const std::string& pointer) {
  return pointer.starts_with("/providers/") && pointer.find("/state/") != std::string::npos;
}

}  // namespace

Json observed_run(const Json& run) {
  const Json workflow = run.value("workflow", Json::object());
  Json seen{{"id", text_of(run, "id")},
            {"workflow", text_of(workflow, "namespace") + "/" + text_of(workflow, "name")},
            {"version", text_of(workflow, "version")},
            {"parent", run.value("parent", Json())}};
  for (const char* member : {"status", "key", "output", "response", "error", "attributes"})
    seen[member] = run.value(member, Json());
  return seen;
}

Json observed_provider(Json state, const Json& calls) {
  // The sandbox's own time, and how many keys it keeps: a repaired call takes a second one.
  state.erase("now");
  state.erase("idempotencyKeys");
  if (state.contains("accounts"))
    for (auto& account : state["accounts"])
      for (const auto& kind : fleeting) account.erase(std::string(kind.first));
  Json provider = effects_of(calls);
  provider["state"] = std::move(state);
  return provider;
}

Json observation_of(Json answers, Json runs, Json records, Json providers) {
  VolatileNames names;
  for (const auto& run : runs) names.add(text_of(run, "id"), "<run>");
  for (const auto& provider : providers) names.add_objects(provider["state"]);
  Json observation{{"answers", std::move(answers)},
                   {"runs", std::move(runs)},
                   {"records", std::move(records)},
                   {"providers", std::move(providers)}};
  observation = names.replaced(observation);
  sort_items(observation["runs"]);
  for (auto& collection : observation["records"]) sort_items(collection);
  for (auto& answer : observation["answers"])
    if (answer.is_array()) sort_items(answer);
  return observation;
}

Result<Json> observe(Player& player) {
  auto runs = runs_of(player);
  if (!runs) return std::unexpected(runs.error());
  Json providers = Json::object();
  for (const auto& name : Outside::names()) providers[name] = provider_of(player, name);
  return observation_of(player.answers(), std::move(*runs), records_of(player),
                        std::move(providers));
}

Result<std::set<CompletedTask>> completed_tasks(Player& player, Programs& programs) {
  const auto page = player.store().list(runtime::RunFilter{}, "", most_observed_runs);
  if (!page) return std::unexpected(page.error());
  std::set<CompletedTask> completed;
  for (const auto& run : page->runs) {
    const auto program = programs.find(run.digest);
    if (program == nullptr)
      return fail(ErrorCode::internal, "the program of run " + run.id.text() + " is unknown");
    const auto records = journal_of(player, run.id);
    if (!records) return std::unexpected(records.error());
    std::map<machine::FrameId, definition::NodeIndex> nodes;
    for (const auto& record : *records) {
      if (const auto* started = std::get_if<machine::TaskStarted>(&record.body))
        nodes[started->frame] = started->node;
      const auto* ended = std::get_if<machine::TaskCompleted>(&record.body);
      if (ended == nullptr || !nodes.contains(ended->frame)) continue;
      completed.insert({.workflow = run.workflow_namespace + "/" + run.name,
                        .task = program->node(nodes[ended->frame]).pointer});
    }
  }
  return completed;
}

std::vector<Change> differences(const Json& expected, const Json& observed,
                                const std::set<std::string>& random, std::size_t most) {
  Comparison comparison{.random = random, .most = most, .changes = {}};
  comparison.compare(expected, observed, "");
  return std::move(comparison.changes);
}

Result<std::set<std::string>> random_places(const Json& one, const Json& other) {
  constexpr std::size_t most = 10'000;
  std::set<std::string> places;
  for (const auto& change : differences(one, other, {}, most)) {
    const bool texts = change.expected.is_string() && change.observed.is_string();
    if (!texts || !inside_a_state(change.pointer))
      return fail(ErrorCode::conflict,
                  "Two undisturbed runs differ at " + change.pointer + " (" +
                      dump_json(change.expected) + " and " + dump_json(change.observed) +
                      "): the workflow depends on chance, so nothing can be compared.");
    places.insert(change.pointer);
  }
  return places;
}

}  // namespace sequent::crashtest
