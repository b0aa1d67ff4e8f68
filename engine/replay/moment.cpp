#include "engine/replay/moment.hpp"

#include <algorithm>
#include <array>

#include "base/json_pointer.hpp"
#include "engine/machine/codec.hpp"
#include "engine/machine/record_times.hpp"

namespace sequent::replay {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void copy(const Json& from, Json& to, std::initializer_list<const char*> members) {
  for (const char* name : members)
    if (from.contains(name)) to[name] = from.at(name);
}

// How long from the record on; absent = no limit.
void copy_duration(const Shown& record, const char* member, const char* name, Json& to) {
  const auto at = record.json.value(member, Timestamp{0});
  if (at != 0) to[name] = format_duration(at - record.at);
}

Json error_of(const Json& error) {
  Json out = Json::object();
  copy(error, out, {"type", "status", "title"});
  return out;
}

Json subscriptions_of(const Json& list) {
  Json out = Json::array();
  for (const auto& each : list) {
    Json one = Json::object();
    copy(each, one, {"type", "expectations", "until"});
    out.push_back(std::move(one));
  }
  return out;
}

Json child_of(const Json& child) {
  Json out{{"workflow", text_of(child, "namespace") + "/" + text_of(child, "name")}};
  copy(child, out, {"input", "await"});
  return out;
}

Json size_of(const Json& items) {
  return items.is_array() ? Json(items.size()) : items;
}

Json event_of(Json event) {
  event.erase("id");
  event.erase("time");
  return event;
}

void describe(const Shown& record, Json& out) {
  const Json& json = record.json;
  const auto& kind = record.kind;
  if (json.contains("next")) out["next"] = names_in(text_of(json, "next"));
  if (kind == "InstanceStarted" || kind == "TaskStarted" || kind == "TaskRetried")
    copy_duration(record, "timeoutAt", "timeout", out);
  if (kind == "TimerStarted") copy_duration(record, "dueAt", "wait", out);
  if (kind == "TryStarted") copy_duration(record, "attemptUntil", "limit", out);
  if (kind == "ActivityScheduled") {
    copy(json, out, {"activity"});
    out["with"] = json.value("arguments", Json());
  }
  if (kind == "AttemptFailed" || kind == "ErrorCaught") out["again"] = json.contains("retryAt");
  if (kind == "TaskParked") copy(json, out, {"reason"});
  if (json.contains("error")) out["error"] = error_of(json.at("error"));
  if (kind == "ListenStarted")
    out["subscriptions"] = subscriptions_of(json.value("subscriptions", Json::array()));
  if (kind == "EventEmitted") out["event"] = event_of(json.value("event", Json::object()));
  if (kind == "ChildStarted") out.update(child_of(json.value("child", Json::object())));
  if (kind == "InstanceCompleted") out["output"] = json.value("output", Json());
  if (kind == "LoopStarted") out["items"] = size_of(json.value("items", Json::array()));
  copy(json, out,
       {"ordinal", "index", "count", "respond", "end", "answer", "closed", "subscription",
        "catching"});
  // Numbers that are left out are noughts.
  for (const char* name : {"ordinal", "index", "subscription"})
    if (out.contains(name) && out[name] == 0) out.erase(name);
}

// Hidden data, or a text that was made with it.
bool is_hidden(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().find(hidden) != std::string::npos;
}

void compare(const Json& recorded, const Json& now, const std::string& name,
             std::vector<Difference::Member>& out) {
  if (recorded == now || is_hidden(recorded) || is_hidden(now)) return;
  if (recorded.is_object() && now.is_object()) {
    Json names = recorded;
    names.update(now);
    for (const auto& entry : names.items())
      compare(recorded.value(entry.key(), Json()), now.value(entry.key(), Json()),
              name.empty() ? entry.key() : name + "." + entry.key(), out);
    return;
  }
  if (recorded.is_array() && now.is_array() && recorded.size() == now.size()) {
    for (std::size_t i = 0; i < recorded.size(); ++i)
      compare(recorded[i], now[i], name + "[" + std::to_string(i) + "]", out);
    return;
  }
  out.push_back({.name = name, .recorded = recorded, .now = now});
}

std::string words_for(const std::string& kind) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 37> words{{
      {"InstanceStarted", "the run starts"},
      {"TaskStarted", "is entered"},
      {"BlockEntered", "begins its tasks"},
      {"TaskSkipped", "is skipped, its condition is false"},
      {"ActivityScheduled", "calls"},
      {"AttemptFailed", "hears of a failure"},
      {"AttemptStarted", "tries again"},
      {"TaskParked", "is parked"},
      {"TaskLetGo", "is let go"},
      {"TaskReturned", "has its answer"},
      {"TaskCompleted", "is completed"},
      {"TimerStarted", "waits"},
      {"LoopStarted", "begins its loop"},
      {"IterationStarted", "goes on to the next item"},
      {"BranchesStarted", "starts its branches"},
      {"ErrorCaught", "catches an error"},
      {"TryStarted", "tries its block"},
      {"ListenStarted", "listens"},
      {"EventConsumed", "takes an event"},
      {"EventIterationStarted", "works on an event"},
      {"EventIterationEnded", "is done with an event"},
      {"ListenClosed", "listens no more"},
      {"EventHeld", "an event is held"},
      {"EventEmitted", "emits an event"},
      {"ChildStarted", "runs a workflow"},
      {"ChildConfirmed", "knows that the child has started"},
      {"TaskFaulted", "faults"},
      {"InstanceFaulted", "the run faults"},
      {"InstanceCompleted", "the run completes"},
      {"InstanceSuspended", "the run is suspended"},
      {"InstanceResumed", "the run is resumed"},
      {"InstanceCancelled", "the run is cancelled"},
      {"TaskRetried", "is retried by an operator"},
      {"CancelStarted", "the run is being cancelled"},
      {"CompensationStarted", "is to be undone"},
      {"TaskDropped", "is over without effect"},
      {"Migrated", "the run moves to another version"},
  }};
  for (const auto& [name, text] : words)
    if (name == kind) return std::string(text);
  return kind;
}

}  // namespace

std::string names_in(const std::string& pointer) {
  std::string out, segment, before;
  std::vector<std::string> segments;
  for (std::size_t at = 1; at <= pointer.size() && !pointer.empty();) {
    const auto end = std::min(pointer.find('/', at), pointer.size());
    segments.push_back(name_of_segment(std::string_view{pointer}.substr(at, end - at)));
    at = end + 1;
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    // A list and its index lead to a name; of the lists only the handler of errors says something.
    const bool list = i + 1 < segments.size() && is_number(segments[i + 1]);
    const bool index = is_number(segments[i]) && i > 0;
    const bool wrapping = segments[i] == "fork" || segments[i] == "foreach";
    if (list || index || wrapping) continue;
    out += (out.empty() ? "" : "/") + segments[i];
  }
  return out;
}

Result<std::vector<Shown>> read_recording(const Json& journal) {
  if (!journal.is_array() || journal.empty())
    return fail(ErrorCode::invalid_request,
                "Expected the records of a run as a JSON array, as `sequent journal RUN --json` "
                "prints them, got " +
                    std::string(journal.is_array() ? "an empty list" : journal.type_name()) + ".");
  std::vector<Shown> records;
  for (const auto& each : journal) {
    const auto number = [&](const char* name) {
      const auto found = each.is_object() ? each.find(name) : each.end();
      return found != each.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    };
    Shown record{.seq = number("seq"), .at = 0, .kind = text_of(each, "kind"), .json = each};
    if (record.seq != records.size() + 1 || record.kind.empty())
      return fail(ErrorCode::invalid_request,
                  "Expected record " + std::to_string(records.size() + 1) + " of the run, got " +
                      dump_json(each).substr(0, 100) +
                      "; a replay needs all records from the first one.");
    for (const char* name : machine::time_members) {
      if (!each.contains(name)) continue;
      const auto time = parse_time(text_of(each, name));
      if (!time)
        return fail(ErrorCode::invalid_request,
                    "Record " + std::to_string(record.seq) + " has no time in \"" + name + "\".");
      record.json[name] = *time;
    }
    record.at = record.json.value("at", Timestamp{0});
    records.push_back(std::move(record));
  }
  if (records.front().kind != "InstanceStarted")
    return fail(
        ErrorCode::invalid_request,
        "Expected a journal that begins with InstanceStarted, got " + records.front().kind + ".");
  return records;
}

Shown show(const machine::Record& record, const definition::Program& program,
           std::vector<definition::NodeIndex>& frames) {
  Json json = Json::parse(machine::encode({&record, 1})).front();
  const auto pointer = [&](std::uint64_t node) {
    return node < program.nodes.size() ? program.nodes[node].pointer : std::string{};
  };
  const auto node_in = [&](const char* name) {
    return json.value(name, std::uint64_t{definition::no_node});
  };
  const auto frame = json.value("frame", std::size_t{0});
  if (const auto* task = std::get_if<machine::TaskStarted>(&record.body)) {
    if (frames.size() <= frame) frames.resize(frame + 1, definition::no_node);
    frames[frame] = task->node;
  }
  if (json.contains("node")) json["task"] = pointer(node_in("node"));
  if (json.contains("next")) json["next"] = pointer(node_in("next"));
  const auto node = frame < frames.size() ? frames[frame] : definition::no_node;
  if (!json.contains("task") && node < program.nodes.size())
    json["task"] = program.nodes[node].pointer;
  if (const auto* call = node < program.nodes.size()
                             ? std::get_if<definition::CallTask>(&program.nodes[node].body)
                             : nullptr;
      call != nullptr && std::holds_alternative<machine::ActivityScheduled>(record.body))
    json["activity"] = call->activity.name;
  if (const auto* listen = std::get_if<machine::ListenStarted>(&record.body))
    for (std::size_t i = 0; i < listen->subscriptions.size(); ++i) {
      const auto filter = listen->subscriptions[i].filter;
      if (filter < program.filters.size() && !program.filters[filter].type.empty())
        json["subscriptions"][i]["type"] = program.filters[filter].type;
    }
  return {.seq = record.seq,
          .at = record.at,
          .kind = std::string(machine::kind_of(record.body)),
          .json = std::move(json)};
}

Json meaning_of(const Shown& record) {
  Json out{{"step", record.kind}};
  const auto task = names_in(text_of(record.json, "task"));
  if (!task.empty()) out["task"] = task;
  describe(record, out);
  return out;
}

std::string sentence(const Json& meaning) {
  constexpr std::size_t most_shown = 300;
  const auto kind = text_of(meaning, "step");
  const auto task = text_of(meaning, "task");
  std::string text = (task.empty() ? "" : "`" + task + "` ") + words_for(kind);
  if (meaning.contains("activity")) text += " " + text_of(meaning, "activity");
  if (meaning.contains("workflow")) text += " " + text_of(meaning, "workflow");
  Json rest = meaning;
  for (const char* told : {"step", "task", "activity", "workflow"}) rest.erase(told);
  if (rest.contains("next")) {
    text += ", next is `" + text_of(rest, "next") + "`";
    rest.erase("next");
  }
  for (const auto& [name, value] : rest.items()) {
    std::string shown = value.is_string() ? value.get<std::string>() : dump_json(value);
    if (shown.size() > most_shown) shown = shown.substr(0, most_shown) + "…";
    text += std::string(name == rest.begin().key() ? "" : ",") + " " + name + " " + shown;
  }
  return text;
}

std::vector<Difference::Member> differing(const Json& recorded, const Json& now) {
  std::vector<Difference::Member> members;
  compare(recorded, now, "", members);
  return members;
}

}  // namespace sequent::replay
