#include "api/batch_preview.hpp"

#include "api/batch_json.hpp"
#include "api/problem.hpp"
#include "engine/repair/foresight.hpp"

namespace sequent::api {
namespace {

using runtime::RepairBatch;

Json groups_json(Context& context, const runtime::RunFilter& filter, const std::string& dimension) {
  constexpr std::size_t most = 20;
  const auto groups = context.ports.runs.aggregate(filter, {dimension}, most);
  Json list = Json::array();
  if (!groups) return list;
  for (const auto& group : *groups)
    list.push_back({{"value", optional_text(group.group.front())}, {"count", group.count}});
  return list;
}

/// One line for each failure that people would tell apart; the type alone says too little.
Json errors_json(Context& context, const runtime::RunFilter& filter) {
  constexpr std::size_t most = 50;
  const auto groups =
      context.ports.runs.aggregate(filter, {"error_type", "error_status", "error_title"}, most);
  Json list = Json::array();
  if (!groups) return list;
  for (const auto& group : *groups) {
    const auto& status = group.group.at(1);
    list.push_back({{"value", optional_text(group.group.at(0))},
                    {"status", parse_json(status).value_or(Json())},
                    {"title", optional_text(group.group.at(2))},
                    {"count", group.count}});
  }
  return list;
}

Json counts_json(Context& context, const RepairBatch& batch) {
  const auto all = context.ports.runs.aggregate(batch.filter, {}, 1);
  const std::int64_t total = all && !all->empty() ? all->front().count : 0;
  constexpr DurationMs hour_ms = 3'600'000;
  DurationMs length = 0;
  if (batch.rate_per_hour != 0) length = total * hour_ms / batch.rate_per_hour;
  const Timestamp now = context.ports.clock.now();
  const auto passed = context.ports.repairs.deadlines(batch.filter, now);
  const auto by_the_end = context.ports.repairs.deadlines(batch.filter, now + length);
  Json json{{"dryRun", true},
            {"action", batch.action},
            {"where", optional_text(batch.where)},
            {"rate", rate_json(batch.rate_per_hour)},
            {"total", total},
            {"estimatedSeconds", batch.rate_per_hour == 0 ? Json() : Json(length / 1'000)}};
  json["by"] = {{"error", errors_json(context, batch.filter)},
                {"provider", groups_json(context, batch.filter, "provider")},
                {"workflow", groups_json(context, batch.filter, "workflow")},
                {"status", groups_json(context, batch.filter, "status")}};
  // At risk: those that lie in the time which the batch takes, and those that have passed.
  json["deadlines"] = {{"earliest", optional_time(passed.earliest)},
                       {"passed", passed.before},
                       {"atRisk", by_the_end.before}};
  return json;
}

void add_refusal(Outlook& outlook, const Error& error, const std::string& run) {
  constexpr std::size_t most_examples = 5, most_reasons = 100;
  const auto add = [&](const std::string& why) {
    const bool known = outlook.refusals.contains(why);
    auto& refusal =
        outlook.refusals[known || outlook.refusals.size() < most_reasons ? why : "other reasons"];
    ++refusal.runs;
    if (refusal.examples.size() < most_examples) refusal.examples.push_back(run);
  };
  if (error.findings.empty()) add(error.detail);
  for (const auto& finding : error.findings) add(finding.pointer + ": " + finding.message);
}

void add(Outlook& outlook, const repair::Foreseen& foreseen, const std::string& run) {
  ++outlook.looked;
  if (foreseen.refused) return add_refusal(outlook, *foreseen.refused, run);
  ++outlook.accepted;
  std::map<std::pair<std::string, std::string>, std::int64_t> own;
  for (const auto& effect : foreseen.effects) own[{effect.task, effect.what}] += effect.times;
  for (const auto& [what, times] : own) {
    auto& effect = outlook.effects[what];
    ++effect.runs;
    effect.times += times;
  }
}

Json outlook_json(const Outlook& outlook) {
  Json refused = Json::array(), effects = Json::array();
  for (const auto& [why, refusal] : outlook.refusals)
    refused.push_back({{"value", why}, {"count", refusal.runs}, {"runs", refusal.examples}});
  for (const auto& [what, effect] : outlook.effects)
    effects.push_back({{"task", what.first},
                       {"what", what.second},
                       {"runs", effect.runs},
                       {"times", effect.times}});
  return {{"looked", outlook.looked},
          {"complete", outlook.all},
          {"accepted", outlook.accepted},
          {"refused", std::move(refused)},
          {"effects", std::move(effects)}};
}

}  // namespace

// Page by page, as far as it comes while somebody waits for the answer.
asio::awaitable<Outlook> outlook_of(Context& context, RepairBatch batch) {
  constexpr std::size_t page_of = 200;
  constexpr DurationMs longest_ms = 10'000;
  const auto until = context.ports.clock.now() + longest_ms;
  const repair::ForesightPorts ports{context.ports.engine, context.ports.runs, context.ports.pool,
                                     context.ports.clock.now()};
  Outlook outlook;
  std::string cursor;
  do {
    auto look = [&context, &batch, &cursor] {
      return context.ports.runs.list(batch.filter, cursor, page_of);
    };
    const auto page = co_await on_pool(context.ports.pool, std::move(look));
    if (!page) break;
    for (const auto& run : page->runs) {
      if (context.ports.clock.now() >= until) {
        outlook.all = false;
        co_return outlook;
      }
      auto looking = repair::foresee(ports, batch, run.id);
      const repair::Foreseen foreseen = co_await std::move(looking);
      add(outlook, foreseen, run.id.text());
    }
    cursor = page->cursor;
    outlook.all = cursor.empty();
  } while (!cursor.empty() && context.ports.clock.now() < until);
  co_return outlook;
}

Result<void> confirmed_by(const RepairBatch& batch, const Outlook& outlook) {
  if (outlook.effects.empty() && outlook.all) return {};
  const bool cancels = batch.action == "cancel";
  Error error{.code = unconfirmed};
  error.detail = std::string(cancels ? "Cancelling these runs undoes what they have done"
                                     : "Going back makes what these runs have done happen again") +
                 (outlook.all ? ""
                              : ", of which only the newest " + std::to_string(outlook.looked) +
                                    " could be looked at") +
                 ". Send `arguments: {confirm: true}` (`--yes`) if that is meant.";
  for (const auto& [what, effect] : outlook.effects)
    error.findings.push_back({.message = what.second + (cancels ? "" : " again") + " (" +
                                         std::to_string(effect.times) + " times, " +
                                         std::to_string(effect.runs) +
                                         (effect.runs == 1 ? " run)" : " runs)"),
                              .pointer = what.first});
  return std::unexpected(std::move(error));
}

asio::awaitable<Json> preview_batch(Context& context, RepairBatch batch) {
  auto count = [&context, &batch] { return counts_json(context, batch); };
  Json json = co_await on_pool(context.ports.pool, std::move(count));
  auto looking = outlook_of(context, batch);
  const Outlook outlook = co_await std::move(looking);
  json["outlook"] = outlook_json(outlook);
  co_return json;
}

}  // namespace sequent::api
