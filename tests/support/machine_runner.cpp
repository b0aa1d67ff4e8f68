#include "tests/support/machine_runner.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace sequent::machine::testing {

Catalog::Catalog() {
  definition::ActivitySpec call{.name = "test.call", .version = "1", .provider = "test"};
  call.retry = {.max_attempts = 3, .initial_ms = 100, .max_ms = 1'000};
  call.key_retention_ms = 86'400'000;
  auto once = call;
  once.name = "test.once";
  once.retry.max_attempts = 1;
  auto http = call;
  http.name = "http";
  auto shaped = call;
  shaped.name = "test.shaped";
  shaped.input_schema = Json::parse(R"({
    "type": "object", "required": ["amount"],
    "properties": {"amount": {"type": "integer"}, "note": {"type": "string"},
                   "kind": {"enum": ["new", "used"]}, "until": {"type": ["string", "null"]},
                   "anything": true}
  })");
  auto compiled = schema::Schema::compile(shaped.input_schema);
  REQUIRE(compiled);
  shaped.input = std::make_shared<const schema::Schema>(*std::move(compiled));
  auto read = call;
  read.name = "test.read";
  read.idempotent = true;
  specs_ = {call, once, http, shaped, read};
}

const definition::ActivitySpec* Catalog::find(std::string_view name, std::string_view) const {
  for (const auto& spec : specs_)
    if (spec.name == name) return &spec;
  return nullptr;
}

std::vector<std::string> Catalog::names() const {
  return {"http", "test.call", "test.once", "test.read", "test.shaped"};
}

Failure transient(int status) {
  auto problem = make_problem(ErrorKind::communication, "the provider is busy");
  problem.status = status;
  return {.outcome = Outcome::transient, .problem = problem};
}
Failure unknown() {
  return {.outcome = Outcome::unknown,
          .problem = make_problem(ErrorKind::communication, "no answer came")};
}
Failure permanent(int status) {
  auto problem = make_problem(ErrorKind::communication, "refused");
  problem.status = status;
  return {.outcome = Outcome::permanent, .problem = problem};
}

definition::CompileOptions compile_options(const Catalog& catalog) {
  definition::CompileOptions options;
  options.file = "scenario.yaml";
  options.catalog = &catalog;
  options.interpreters = 1;
  return options;
}

Runner::Runner(const std::string& body)
    : Runner(WholeDocument{
          "document: {dsl: '1.0.3', namespace: test, name: scenario, version: '1.0.0'}\n" + body}) {
}

Runner::Runner(const WholeDocument& document) {
  const auto compiled = definition::compile(document.yaml, compile_options(catalog_));
  if (!compiled)
    FAIL(definition::format_findings(compiled.error().findings) + compiled.error().detail);
  program_ = *compiled;
  surroundings_.runtime = {{"name", "Sequent"}, {"version", "test"}};
  child = [](const ChildState& c) {
    return ChildEnded{.child = c.id, .status = Status::completed, .output = c.input};
  };
}

void Runner::start(Json input) {
  REQUIRE(
      feed(StartAsked{.id = InstanceId::make(now, 42, 3), .input = make_value(std::move(input))}));
}

Result<void> Runner::feed(const Event& event) {
  auto records = decide(*program_, state_, event, now, ++random_, surroundings_);
  // A call that was held back was not sent: it is handed out anew.
  if (const auto* held = std::get_if<CallHeldBack>(&event))
    std::erase(dispatched_, std::pair(held->frame, held->attempt));
  if (!records) return std::unexpected(records.error());
  if (const auto* moved = std::get_if<MigrateAsked>(&event)) program_ = moved->program;
  for (auto& record : *records) {
    if (const auto* emit = std::get_if<EventEmitted>(&record.body)) emitted.push_back(*emit->event);
    journal.push_back(std::move(record));
  }
  check_fold();
  obey();
  return {};
}

void Runner::check_fold() {
  const auto decoded = decode(encode(journal));
  REQUIRE(decoded);
  State folded;
  for (const auto& record : *decoded) apply(folded, record);
  REQUIRE(encode_state(folded) == encode_state(state_));
  const auto thawed = decode_state(encode_state(state_));
  REQUIRE(thawed);
  REQUIRE(encode_state(*thawed) == encode_state(state_));
}

void Runner::obey() {
  for (const auto& command : commands(*program_, state_)) {
    if (const auto* dispatch = std::get_if<DispatchActivity>(&command)) {
      const auto id = std::pair(dispatch->frame, dispatch->attempt);
      if (std::find(dispatched_.begin(), dispatched_.end(), id) != dispatched_.end()) continue;
      dispatched_.push_back(id);
      const auto& node = program_->node(dispatch->node);
      calls.push_back({.activity = std::get<definition::CallTask>(node.body).activity.name,
                       .pointer = node.pointer,
                       .key = dispatch->key,
                       .attempt = dispatch->attempt,
                       .arguments = *dispatch->arguments,
                       .unsettled = dispatch->unsettled});
      if (!answer_calls) continue;
      ActivityReturned returned{.frame = dispatch->frame, .attempt = dispatch->attempt};
      if (const auto result = answer(calls.back()))
        returned.output = make_value(*result);
      else
        returned.failure = result.error();
      REQUIRE(feed(returned));
      return;  // commands have changed
    }
    if (const auto* start = std::get_if<StartChild>(&command)) {
      const auto ended = child(start->child);
      const auto awaited = start->child.await;
      REQUIRE(feed(ChildLaunched{.child = start->child.id}));
      if (awaited) REQUIRE(feed(ended));
      return;
    }
    if (std::holds_alternative<Continue>(command)) {
      REQUIRE(feed(Continued{}));
      return;
    }
  }
}

void Runner::answer_open() {
  for (const auto& command : commands(*program_, state_))
    if (const auto* dispatch = std::get_if<DispatchActivity>(&command)) {
      ActivityReturned returned{.frame = dispatch->frame, .attempt = dispatch->attempt};
      if (const auto result = answer(calls.back()))
        returned.output = make_value(*result);
      else
        returned.failure = result.error();
      REQUIRE(feed(returned));
    }
}

void Runner::run_timers(DurationMs limit_ms) {
  const auto until = now + limit_ms;
  for (int turn = 0; turn < 1'000; ++turn) {
    const auto wake = wake_at(state_);
    if (wake == INT64_MAX || wake > until) return;
    now = std::max(now, wake);
    REQUIRE(feed(TimerDue{}));
  }
  FAIL("timers never come to rest");
}

void Runner::advance(DurationMs by) {
  now += by;
  REQUIRE(feed(TimerDue{}));
}

void Runner::publish(Json event) {
  if (!event.contains("id")) event["id"] = "e" + std::to_string(++random_);
  if (!event.contains("source")) event["source"] = "test";
  REQUIRE(feed(EventArrived{.event = make_value(std::move(event))}));
}

FrameId Runner::frame_at(const std::string& name) const {
  const auto node = program_->find(name);
  for (const auto& [id, frame] : state_.frames)
    if (frame.node == node) return id;
  return 0;
}

std::vector<std::string> Runner::started() const {
  std::vector<std::string> names;
  for (const auto& record : journal)
    if (const auto* task = std::get_if<TaskStarted>(&record.body))
      names.push_back(program_->node(task->node).name);
  return names;
}

std::vector<std::string> Runner::kinds() const {
  std::vector<std::string> all;
  for (const auto& record : journal) all.emplace_back(kind_of(record.body));
  return all;
}

}  // namespace sequent::machine::testing
