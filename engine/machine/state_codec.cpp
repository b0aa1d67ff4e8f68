// Snapshots: a whole state as one JSON object.
#include <stdexcept>

#include "base/overloaded.hpp"
#include "engine/machine/codec.hpp"
#include "engine/machine/json_fields.hpp"
#include "engine/machine/undo.hpp"

namespace sequent::machine {
namespace {

void put(Json& json, const char* name, const Value& value) {
  if (value) json[name] = *value;
}
template <class Number>
void put_number(Json& json, const char* name, Number value) {
  if (value != 0) json[name] = value;
}
Json values_to_json(const std::vector<Value>& values) {
  auto list = Json::array();
  for (const auto& value : values) list.push_back(value ? Json{{"value", *value}} : Json::object());
  return list;
}
std::vector<Value> values_from_json(Json& json) {
  std::vector<Value> values;
  for (auto& each : json) values.push_back(FieldReader(each).value("value"));
  return values;
}

std::size_t bytes_of(const std::vector<Value>& values) {
  std::size_t bytes = 0;
  for (const auto& value : values)
    if (value) bytes += size_of(*value);
  return bytes;
}

Json detail_to_json(const FrameDetail& detail) {
  const auto write = overloaded{
      [](const std::monostate&) { return Json(nullptr); },
      [](const ActivityState& a) {
        Json json{{"is", "activity"}, {"key", a.key}, {"attempt", a.attempt}, {"tries", a.tries}};
        put_number(json, "revision", a.revision);
        put(json, "arguments", a.arguments);
        put(json, "late", a.late);
        put(json, "lateInput", a.late_input);
        put_number(json, "firstSentAt", a.first_sent_at);
        put_number(json, "throttles", a.throttles);
        if (a.unsettled) json["unsettled"] = true;
        if (a.last_failure) json["lastFailure"] = failure_to_json(*a.last_failure);
        json["parkReason"] = name_of(a.park_reason);
        put_number(json, "parkedAt", a.parked_at);
        if (a.held) json["held"] = true;
        return json;
      },
      [](const LoopState& l) {
        Json json{{"is", "loop"}, {"index", l.index}};
        put(json, "items", l.items);
        return json;
      },
      [](const TryState& t) {
        Json json{{"is", "try"}, {"attempt", t.attempt}};
        put_number(json, "firstFailedAt", t.first_failed_at);
        put_number(json, "attemptUntil", t.attempt_until);
        if (t.catching) json["catching"] = true;
        put(json, "error", t.error);
        for (const auto& [place, child] : t.children)
          json["children"][place] = {{"id", child.id.text()}, {"again", child.again}};
        return json;
      },
      [](const BranchState& b) {
        return Json{{"is", "branches"}, {"outputs", values_to_json(b.outputs)}};
      },
      [](const ListenState& l) {
        Json json{{"is", "listen"},
                  {"subscriptions", subscriptions_to_json(l.subscriptions)},
                  {"consumed", values_to_json(l.consumed)},
                  {"queue", values_to_json(l.queue)},
                  {"iterated", l.iterated}};
        if (!l.queued_requests.empty()) json["queuedRequests"] = l.queued_requests;
        put(json, "item", l.item);
        if (l.closed) json["closed"] = true;
        return json;
      },
      [](const ChildState& c) {
        return Json{{"is", "child"}, {"child", child_to_json(c)}};
      },
  };
  return std::visit(write, detail);
}

FrameDetail detail_from_json(Json& json) {
  if (json.is_null()) return std::monostate{};
  const FieldReader in(json);
  const auto is = in.text("is");
  if (is == "activity") {
    ActivityState a{.key = in.text("key"),
                    .revision = in.number<std::uint32_t>("revision"),
                    .arguments = in.value("arguments"),
                    .late = in.value("late"),
                    .late_input = in.value("lateInput"),
                    .attempt = in.number<std::uint32_t>("attempt"),
                    .tries = in.number<std::uint32_t>("tries"),
                    .first_sent_at = in.number<Timestamp>("firstSentAt"),
                    .throttles = in.number<std::uint32_t>("throttles"),
                    .unsettled = in.flag("unsettled"),
                    .park_reason = park_reason_from(in.text("parkReason")),
                    .parked_at = in.number<Timestamp>("parkedAt"),
                    .held = in.flag("held")};
    if (in.has("lastFailure")) a.last_failure = failure_from_json(in.member("lastFailure"));
    return a;
  }
  if (is == "loop")
    return LoopState{.items = in.value("items"), .index = in.number<std::uint32_t>("index")};
  if (is == "try") {
    TryState t{.attempt = in.number<std::uint32_t>("attempt"),
               .first_failed_at = in.number<Timestamp>("firstFailedAt"),
               .attempt_until = in.number<Timestamp>("attemptUntil"),
               .catching = in.flag("catching"),
               .error = in.value("error"),
               .children = {}};
    if (in.has("children"))
      for (auto& [place, child] : in.member("children").items()) {
        const FieldReader each(child);
        t.children[place] = {.id = id_from_text(each.text("id")), .again = each.flag("again")};
      }
    return t;
  }
  if (is == "branches") return BranchState{.outputs = values_from_json(in.member("outputs"))};
  if (is == "listen") {
    ListenState l{.subscriptions = subscriptions_from_json(in.member("subscriptions")),
                  .consumed = values_from_json(in.member("consumed")),
                  .queue = values_from_json(in.member("queue")),
                  .queued_requests = in.json("queuedRequests", Json::array()),
                  .iterated = in.number<std::uint32_t>("iterated"),
                  .item = in.value("item"),
                  .closed = in.flag("closed")};
    l.bytes = bytes_of(l.consumed) + bytes_of(l.queue) + (l.item ? size_of(*l.item) : 0);
    return l;
  }
  if (is == "child") return child_from_json(in.member("child"));
  throw std::runtime_error("a frame holds \"" + is + "\", which no release has written");
}

Json frame_to_json(const Frame& frame) {
  Json json{{"id", frame.id}, {"phase", name_of(frame.phase)}};
  put_number(json, "parent", frame.parent);
  put_number(json, "node", frame.node);
  put_number(json, "ordinal", frame.ordinal);
  put_number(json, "visit", frame.visit);
  put_number(json, "generation", frame.generation);
  put(json, "rawInput", frame.raw_input);
  if (frame.input != frame.raw_input) put(json, "input", frame.input);
  put(json, "data", frame.data);
  if (frame.next != no_node) json["next"] = frame.next;
  put_number(json, "child", frame.child);
  if (!frame.visits.empty()) {
    auto visits = Json::array();
    for (const auto& [node, count] : frame.visits) visits.push_back(Json::array({node, count}));
    json["visits"] = std::move(visits);
  }
  put_number(json, "lastAttempt", frame.last_attempt);
  put_number(json, "startedAt", frame.started_at);
  put_number(json, "timeoutAt", frame.timeout_at);
  put_number(json, "succeedBefore", frame.succeed_before);
  put_number(json, "dueAt", frame.due_at);
  if (frame.error) json["error"] = to_json(*frame.error);
  if (!frame.undo.empty()) json["undo"] = frame.undo;
  if (!frame.undoes.empty()) json["undoes"] = frame.undoes;
  if (frame.nothing_done) json["nothingDone"] = true;
  if (frame.settling) json["settling"] = true;
  if (!std::holds_alternative<std::monostate>(frame.detail))
    json["detail"] = detail_to_json(frame.detail);
  return json;
}

Frame frame_from_json(Json& json) {
  const FieldReader in(json);
  Frame frame;
  frame.id = in.number<FrameId>("id");
  frame.parent = in.number<FrameId>("parent");
  frame.node = in.number<NodeIndex>("node");
  frame.ordinal = in.number<std::uint32_t>("ordinal");
  frame.visit = in.number<std::uint32_t>("visit");
  frame.generation = in.number<std::uint32_t>("generation");
  frame.phase = phase_from(in.text("phase"));
  frame.raw_input = in.value("rawInput");
  frame.input = in.has("input") ? in.value("input") : frame.raw_input;
  frame.data = in.value("data");
  frame.next = in.number<NodeIndex>("next", no_node);
  frame.child = in.number<FrameId>("child");
  if (in.has("visits"))
    for (const auto& pair : in.member("visits"))
      frame.visits[pair.at(0).get<NodeIndex>()] = pair.at(1).get<std::uint32_t>();
  frame.last_attempt = in.number<std::uint32_t>("lastAttempt");
  frame.started_at = in.number<Timestamp>("startedAt");
  frame.timeout_at = in.number<Timestamp>("timeoutAt");
  frame.succeed_before = in.number<Timestamp>("succeedBefore");
  frame.due_at = in.number<Timestamp>("dueAt");
  if (in.has("error")) frame.error = problem_from_json(in.member("error"));
  frame.undo = in.text("undo");
  frame.undoes = in.text("undoes");
  frame.nothing_done = in.flag("nothingDone");
  frame.settling = in.flag("settling");
  if (in.has("detail")) frame.detail = detail_from_json(in.member("detail"));
  return frame;
}

Json keys_to_json(const std::map<std::string, KeyMemory>& keys) {
  auto object = Json::object();
  for (const auto& [key, memory] : keys) {
    Json json{{"revision", memory.revision}, {"firstSentAt", memory.first_sent_at}};
    put(json, "arguments", memory.arguments);
    put(json, "late", memory.late);
    put(json, "lateInput", memory.late_input);
    if (memory.unsettled) json["unsettled"] = true;
    if (!memory.undo.empty()) {
      json["undo"] = memory.undo;
      json["node"] = memory.node;
      put_number(json, "generation", memory.generation);
      put(json, "input", memory.input);
    }
    object[key] = std::move(json);
  }
  return object;
}

Json undoable_to_json(const std::vector<Undoable>& undoable) {
  auto list = Json::array();
  for (const auto& each : undoable) {
    Json json{{"occurrence", each.occurrence}, {"node", each.node}, {"at", each.completed_at}};
    put(json, "input", each.input);
    put(json, "output", each.output);
    list.push_back(std::move(json));
  }
  return list;
}

Json cancelling_to_json(const Cancelling& cancelling) {
  Json json{{"reason", cancelling.reason}, {"by", cancelling.by}, {"since", cancelling.since}};
  put_number(json, "undone", cancelling.undone);
  return json;
}

void read_cancellation(const FieldReader& in, State& state) {
  if (in.has("undoable"))
    for (auto& json : in.member("undoable")) {
      const FieldReader each(json);
      state.undoable.push_back({.occurrence = each.text("occurrence"),
                                .node = each.number<NodeIndex>("node"),
                                .input = each.value("input"),
                                .output = each.value("output"),
                                .completed_at = each.number<Timestamp>("at")});
      state.undoable_bytes += size_of(state.undoable.back());
    }
  if (in.has("cancelling")) {
    const FieldReader each(in.member("cancelling"));
    state.cancelling = Cancelling{.reason = each.text("reason"),
                                  .by = each.text("by"),
                                  .since = each.number<Timestamp>("since"),
                                  .undone = each.number<std::uint32_t>("undone")};
  }
  state.terminated = in.flag("terminated");
}

}  // namespace

std::string encode_state(const State& state) {
  Json json{{"id", state.id.text()},           {"namespace", state.workflow.workflow_namespace},
            {"name", state.workflow.name},     {"version", state.workflow.version},
            {"digest", state.digest},          {"layout", state.layout},
            {"status", name_of(state.status)}, {"key", state.key},
            {"attributes", state.attributes},  {"seq", state.seq},
            {"lastFrame", state.last_frame},   {"startedAt", state.started_at},
            {"updatedAt", state.updated_at}};
  put(json, "rawInput", state.raw_input);
  if (state.input != state.raw_input) put(json, "input", state.input);
  put(json, "context", state.context);
  put(json, "output", state.output);
  put(json, "ending", state.ending);
  put(json, "response", state.response);
  put(json, "answer", state.answer);
  put_number(json, "responseNode", state.response_node);
  for (const auto& request : state.requests)
    json["requests"].push_back({{"id", request.id}, {"open", request.open}});
  if (state.error) json["error"] = to_json(*state.error);
  put_number(json, "faultedFrame", state.faulted_frame);
  if (!state.reason.empty()) json["reason"] = state.reason;
  if (state.has_parent()) json["parent"] = state.parent.text();
  put_number(json, "parentFrame", state.parent_frame);
  put_number(json, "endedAt", state.ended_at);
  put_number(json, "timeoutAt", state.timeout_at);
  put_number(json, "generation", state.generation);
  if (!state.edits.empty()) json["edits"] = state.edits;
  if (state.repaired) json["repaired"] = true;
  put_number(json, "completedTasks", state.completed_tasks);
  put_number(json, "attempts", state.attempts);
  put_number(json, "uncounted", state.uncounted);
  if (!state.keys.empty()) json["keys"] = keys_to_json(state.keys);
  if (!state.held_events.empty()) json["heldEvents"] = values_to_json(state.held_events);
  if (!state.undoable.empty()) json["undoable"] = undoable_to_json(state.undoable);
  if (state.cancelling) json["cancelling"] = cancelling_to_json(*state.cancelling);
  if (state.terminated) json["terminated"] = true;
  auto frames = Json::array();
  for (const auto& [id, frame] : state.frames) frames.push_back(frame_to_json(frame));
  json["frames"] = std::move(frames);
  return dump_json(json);
}

Result<State> decode_state(std::string_view text) {
  auto json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    return fail(ErrorCode::internal, "a snapshot is no JSON object; the store is damaged");
  try {
    const FieldReader in(json);
    State state;
    state.id = id_from_text(in.text("id"));
    state.workflow = {in.text("namespace"), in.text("name"), in.text("version")};
    state.digest = in.text("digest");
    state.layout = in.text("layout");
    const auto status = status_from(in.text("status"));
    if (!status) throw std::runtime_error("unknown status");
    state.status = *status;
    state.key = in.text("key");
    state.attributes = in.json("attributes", Json::object());
    state.seq = in.number<std::uint64_t>("seq");
    state.last_frame = in.number<FrameId>("lastFrame");
    state.started_at = in.number<Timestamp>("startedAt");
    state.updated_at = in.number<Timestamp>("updatedAt");
    state.raw_input = in.value("rawInput");
    state.input = in.has("input") ? in.value("input") : state.raw_input;
    state.context = in.value("context");
    state.output = in.value("output");
    state.ending = in.value("ending");
    state.response = in.value("response");
    state.answer = in.value("answer");
    state.response_node = in.number<NodeIndex>("responseNode");
    if (in.has("requests"))
      for (auto& each : in.member("requests"))
        state.requests.push_back({.id = FieldReader(each).text("id"), .open = each.at("open")});
    if (in.has("error")) state.error = problem_from_json(in.member("error"));
    state.faulted_frame = in.number<FrameId>("faultedFrame");
    state.reason = in.text("reason");
    state.parent = id_from_text(in.text("parent"));
    state.parent_frame = in.number<FrameId>("parentFrame");
    state.ended_at = in.number<Timestamp>("endedAt");
    state.timeout_at = in.number<Timestamp>("timeoutAt");
    state.generation = in.number<std::uint32_t>("generation");
    if (in.has("edits")) in.member("edits").get_to(state.edits);
    state.repaired = in.flag("repaired");
    state.completed_tasks = in.number<std::uint32_t>("completedTasks");
    state.attempts = in.number<std::uint32_t>("attempts");
    state.uncounted = in.number<std::uint32_t>("uncounted");
    if (in.has("keys"))
      for (auto& [key, memory] : in.member("keys").items()) {
        const FieldReader each(memory);
        state.keys[key] = {.revision = each.number<std::uint32_t>("revision"),
                           .first_sent_at = each.number<Timestamp>("firstSentAt"),
                           .arguments = each.value("arguments"),
                           .late = each.value("late"),
                           .late_input = each.value("lateInput"),
                           .unsettled = each.flag("unsettled"),
                           .undo = each.text("undo"),
                           .node = each.number<NodeIndex>("node", no_node),
                           .generation = each.number<std::uint32_t>("generation"),
                           .input = each.value("input")};
      }
    if (in.has("heldEvents")) state.held_events = values_from_json(in.member("heldEvents"));
    state.held_bytes = bytes_of(state.held_events);
    read_cancellation(in, state);
    for (auto& each : in.member("frames")) {
      auto frame = frame_from_json(each);
      state.frames.emplace(frame.id, std::move(frame));
    }
    return state;
  } catch (const std::exception& problem) {
    return fail(ErrorCode::internal, std::string("a snapshot cannot be read: ") + problem.what());
  }
}

}  // namespace sequent::machine
