#include "api/batch_json.hpp"

#include <algorithm>

#include "api/filter.hpp"
#include "api/redact.hpp"
#include "engine/repair/edit.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::api {

using runtime::RepairBatch;

namespace {

const std::vector<std::string> actions{"retry",  "skip",   "resume", "suspend",
                                       "cancel", "rewind", "migrate"};
constexpr std::int64_t hour_s = 3'600, hour_m = 60;
constexpr std::int64_t most_per_second = 100'000;

/// "50/s", "100/m", "10/h", or a number for each second.
std::int64_t rate_of(const Json& value, Faults& faults) {
  const auto wrong = [&] {
    faults.add("/rate", "expected a rate such as 50/s, 100/m or 10/h, got " + described(value));
    return std::int64_t{0};
  };
  if (value.is_number_integer()) {
    const auto number = value.get<std::int64_t>();
    return number < 1 || number > most_per_second ? wrong() : number * hour_s;
  }
  if (!value.is_string()) return wrong();
  const auto& text = value.get_ref<const std::string&>();
  const auto slash = text.find('/');
  const auto digits = text.substr(0, slash);
  constexpr std::size_t most_digits = 6;
  const bool number = !digits.empty() && digits.size() <= most_digits &&
                      digits.find_first_not_of("0123456789") == std::string::npos;
  if (!number || std::stoll(digits) < 1) return wrong();
  const auto unit = slash == std::string::npos ? "s" : text.substr(slash + 1);
  if (unit == "s") return std::stoll(digits) * hour_s;
  if (unit == "m") return std::stoll(digits) * hour_m;
  return unit == "h" ? std::stoll(digits) : wrong();
}

}  // namespace

int stop_of(const Json& value, Faults& faults) {
  constexpr int most = 100;
  std::string text = value.is_string() ? value.get<std::string>() : dump_json(value);
  if (text == "never" || text == "0" || value.is_null()) return 0;
  if (text.ends_with('%')) text.pop_back();
  constexpr std::size_t most_digits = 3;
  const bool number = !text.empty() && text.size() <= most_digits &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  if (number && std::stoi(text) >= 1 && std::stoi(text) <= most) return std::stoi(text);
  faults.add("/stopAt",
             "expected a share of outcomes such as 20%, or never, got " + described(value));
  return 0;
}

namespace {

void read_arguments(const Json& json, RepairBatch& batch, Faults& faults) {
  StrictObject object{json, faults, "/arguments"};
  const auto take = [&](const char* name, bool allowed) {
    const Json* value = object.get(name);
    if (value == nullptr) return;
    if (!allowed) faults.add(object.place(name), batch.action + " takes no `" + name + "`");
    batch.arguments[name] = *value;
  };
  const bool retries = batch.action == "retry", skips = batch.action == "skip";
  if (const auto task = object.text("task"); !task.empty()) batch.arguments["task"] = task;
  if (batch.arguments.contains("task") && !retries && !skips && batch.action != "rewind")
    faults.add("/arguments/task", batch.action + " takes no `task`: it is about the whole run");
  take("input", retries);
  take("patch", retries);
  take("output", skips);
  take("confirm", batch.action == "rewind" || batch.action == "cancel");
  if (const Json confirm = batch.arguments.value("confirm", Json(false)); !confirm.is_boolean())
    faults.add("/arguments/confirm", "expected true or false, got " + described(confirm));
  take("version", batch.action == "migrate");
  object.finish();
  if (batch.arguments.contains("input") && batch.arguments.contains("patch"))
    faults.add("/arguments/patch", "expected a patch or a whole input, got both");
  if (batch.arguments.contains("patch"))
    if (const auto fits = repair::check_patch(batch.arguments["patch"]); !fits)
      faults.add("/arguments/patch", fits.error().detail);
}

}  // namespace

Result<BatchOrder> parse_batch(const Context& context, const Call& call) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  const Timestamp now = context.ports.clock.now();
  Faults faults;
  StrictObject object{*body, faults};
  BatchOrder order;
  RepairBatch& batch = order.batch;
  batch.action = object.text("action");
  if (std::ranges::find(actions, batch.action) == actions.end())
    faults.add("/action",
               "expected retry, skip, resume, suspend, cancel, rewind or migrate, got \"" +
                   batch.action + "\"",
               did_you_mean(batch.action, actions));
  if (const Json* filter = object.get("filter")) {
    batch.filter = filter_from(*filter, faults, "/filter", now);
    if (filter->is_object()) batch.where = text_of(*filter, "where");
  }
  constexpr std::size_t longest_search = 64'000;
  if (const auto where = object.text("where", longest_search); !where.empty()) {
    batch.where += (batch.where.empty() ? "" : " and ") + where;
    if (const auto read = runtime::read_where(where, now, batch.filter); !read)
      faults.add("/where", read.error().detail);
  }
  if (faults.empty() && runtime::filter_json(batch.filter).empty())
    faults.add("/filter", "expected at least one condition, got none",
               "A batch over every run there is would be a mistake.");
  if (const Json* arguments = object.get("arguments")) read_arguments(*arguments, batch, faults);
  if (batch.action == "rewind" && !batch.arguments.contains("task"))
    faults.add("/arguments/task", "expected the task to go back to, got nothing");
  if (const Json* rate = object.get("rate"); rate != nullptr && !rate->is_null())
    batch.rate_per_hour = rate_of(*rate, faults);
  batch.waves = batch.action != "suspend" && batch.action != "resume";  // these fail nowhere
  if (const Json* waves = object.get("waves")) {
    if (!waves->is_boolean())
      faults.add("/waves", "expected true or false, got " + described(*waves));
    batch.waves = *waves == Json(true);
  }
  constexpr int stop_by_default = 50;
  batch.stop_percent = stop_by_default;
  if (const Json* stop = object.get("stopAt")) batch.stop_percent = stop_of(*stop, faults);
  if (const auto name = object.text("order"); !name.empty()) {
    const auto known = runtime::batch_order_from(name);
    if (!known) faults.add("/order", "expected deadline, age or newest, got \"" + name + "\"");
    batch.order = known.value_or(batch.order);
  }
  if (const Json* dry = object.get("dryRun")) {
    if (!dry->is_boolean()) faults.add("/dryRun", "expected true or false, got " + described(*dry));
    order.dry_run = dry->is_boolean() && dry->get<bool>();
  }
  batch.reason = order.dry_run ? object.text("reason") : object.reason();
  object.finish();
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  batch.created_by = call.principal.name;
  batch.created_at = now;
  return order;
}

Json rate_json(std::int64_t rate_per_hour) {
  if (rate_per_hour == 0) return nullptr;
  if (rate_per_hour % hour_s == 0) return std::to_string(rate_per_hour / hour_s) + "/s";
  if (rate_per_hour % hour_m == 0) return std::to_string(rate_per_hour / hour_m) + "/m";
  return std::to_string(rate_per_hour) + "/h";
}

namespace {

// Which workflows its runs are of only the search knows: what any of them hides is hidden.
Json shown(const Context& context, const Json& arguments) {
  const Redactor redact{context.ports.engine.programs()};
  Json out = redact(arguments);
  if (const auto patch = arguments.find("patch"); patch != arguments.end())
    out["patch"] = redact.patch(*patch);
  return out;
}

Json stop_json(int percent) {
  return percent == 0 ? Json() : Json(std::to_string(percent) + "%");
}

}  // namespace

Json preview_json(const runtime::MigrationPreview& preview) {
  Json tasks = Json::array();
  for (const auto& [from, to] : preview.tasks) tasks.push_back({{"from", from}, {"to", to}});
  return {{"from", preview.from.version}, {"to", preview.to.version}, {"tasks", std::move(tasks)}};
}

Json batch_json(const Context& context, const RepairBatch& batch,
                const runtime::RepairCounts& counts) {
  Json json{{"id", batch.id},
            {"action", batch.action},
            {"arguments", shown(context, batch.arguments)},
            {"filter", runtime::filter_json(batch.filter)},
            {"where", optional_text(batch.where)},
            {"order", runtime::name_of(batch.order)},
            {"rate", rate_json(batch.rate_per_hour)},
            {"waves", batch.waves},
            {"wave", batch.wave == 0 ? Json() : Json(batch.wave)},
            {"stopAt", stop_json(batch.stop_percent)},
            {"reason", batch.reason},
            {"createdBy", batch.created_by},
            {"createdAt", optional_time(batch.created_at)},
            {"state", runtime::name_of(batch.state)},
            {"selected", batch.selected},
            {"updatedAt", optional_time(batch.updated_at)},
            {"finishedAt", optional_time(batch.finished_at)},
            {"detail", optional_text(batch.detail)}};
  json["items"] = {
      {"total", counts.total()}, {"pending", counts.pending},     {"taken", counts.taken},
      {"acted", counts.acted},   {"succeeded", counts.succeeded}, {"faulted", counts.faulted},
      {"parked", counts.parked}, {"refused", counts.refused},     {"changed", counts.changed}};
  return json;
}

}  // namespace sequent::api
