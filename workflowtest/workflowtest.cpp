#include "workflowtest/workflowtest.hpp"

#include "engine/machine/answer.hpp"
#include "workflowtest/cast.hpp"
#include "workflowtest/stage.hpp"

namespace sequent::workflowtest {
namespace {

constexpr int most_backoffs = 10'000;  // of one step

/// One test from its beginning to its end.
class Play {
 public:
  Play(const TestFile& file, const Test& test, const runtime::ActivityRegistry& catalog,
       std::shared_ptr<crashtest::Programs> programs)
      : file_(file),
        test_(test),
        clock_(test.begins_at),
        cast_({.file = file,
               .test = test,
               .catalog = catalog,
               .clock = clock_,
               .complain = [this](std::string detail) { complain(std::move(detail)); }}),
        stage_({.clock = clock_,
                .programs = std::move(programs),
                .secret = [&test](const std::string& name) -> std::optional<Json> {
                  const auto found = test.secrets.find(name);
                  return found == test.secrets.end() ? Json("secret-" + name) : found->second;
                }}) {}

  Result<TestReport> run(const std::string& workflow_text);

 private:
  Result<void> prepare(const std::string& workflow_text);
  void put_records();
  void start();
  void rest();
  void make(const Step& step);
  void request(const Step& step, std::size_t number);
  void judge();
  void judge_refusal();
  void judge_run(Comparison& comparison, const runtime::RunDetails& run);
  void judge_story(Comparison& comparison);
  void judge_status(Comparison& comparison, const std::string& came, const Json& error);
  [[nodiscard]] std::optional<Json> filled(const Written& written);
  [[nodiscard]] Cast::Origin origin_of(const InstanceId& child);
  void complain(std::string detail, const std::string& pointer = "");

  const TestFile& file_;
  const Test& test_;
  crashtest::VirtualClock clock_;
  Cast cast_;
  Stage stage_;  // dies first
  definition::ProgramPtr program_;
  std::optional<InstanceId> run_;
  std::optional<Error> refusal_;  // of the start
  std::size_t requests_ = 0;
  TestReport report_;
};

void Play::complain(std::string detail, const std::string& pointer) {
  const int line = pointer.empty() ? test_.line : file_.document->at(pointer).key.line;
  report_.mismatches.push_back(
      {.line = line, .pointer = pointer, .what = std::move(detail), .expected = "", .came = ""});
}

Result<TestReport> Play::run(const std::string& workflow_text) {
  report_.name = test_.name;
  report_.line = test_.line;
  if (auto prepared = prepare(workflow_text); !prepared)
    return std::unexpected(std::move(prepared.error()));
  put_records();
  start();
  if (run_) {
    rest();
    for (const auto& step : test_.steps) {
      make(step);
      rest();
    }
  }
  judge();
  return std::move(report_);
}

Result<void> Play::prepare(const std::string& workflow_text) {
  cast_.register_activities(stage_.activities());
  if (auto opened = stage_.open(); !opened) return opened;
  auto deployed = stage_.deploy(workflow_text, file_.workflow);
  if (!deployed) return std::unexpected(std::move(deployed.error()));
  program_ = std::move(*deployed);
  report_.program = program_;
  if (auto findings = cast_.learn(*program_); !findings.empty())
    return std::unexpected(Error{.code = ErrorCode::invalid_definition,
                                 .detail = file_.file + " answers for tasks that are not there.",
                                 .findings = std::move(findings)});
  std::vector<definition::WorkflowRef> children{program_->ref};  // which needs no stand-in
  for (const auto& node : program_->nodes) {
    const auto* child = std::get_if<definition::RunWorkflowTask>(&node.body);
    if (child == nullptr || std::ranges::find(children, child->workflow) != children.end())
      continue;
    children.push_back(child->workflow);
    auto stood_in = stage_.deploy(Cast::stand_in_for(child->workflow), "a stand-in");
    if (!stood_in) return std::unexpected(std::move(stood_in.error()));
  }
  return {};
}

std::optional<Json> Play::filled(const Written& written) {
  if (written.content.constant()) return written.content.skeleton;
  const Json names = cast_.variables();
  expression::Scope scope;
  scope.now = clock_.now();
  scope.variables = &names;
  auto value = expression::fill(written.content, *file_.expressions, Json(), scope);
  if (value) return std::move(*value);
  complain("an expression can't be evaluated: " + value.error().detail, written.pointer);
  return std::nullopt;
}

void Play::put_records() {
  if (!test_.records) return;
  const auto collections = filled(*test_.records);
  if (!collections) return;
  for (const auto& [collection, records] : collections->items())
    for (const auto& [key, value] : records.items())
      cast_.records().write(collection, key, value, 1, clock_.now());
}

void Play::start() {
  auto input = filled(test_.input);
  if (!input) return;
  cast_.watch([this](const InstanceId& child) { return origin_of(child); });
  runtime::StartRequest request;
  request.workflow = program_->ref;
  request.input = std::move(*input);
  request.started_by = "test";
  auto started = stage_.start(std::move(request));
  if (!started) {
    refusal_ = std::move(started.error());
    return;
  }
  run_ = *started;
  cast_.follow(*run_);
  stage_.settle();
}

Cast::Origin Play::origin_of(const InstanceId& child) {
  const auto parent = stage_.store().start_of(child).parent.value_or(InstanceId{});
  const auto records = stage_.journal(parent);
  if (!records) return {.run = parent, .task = {}};
  std::map<machine::FrameId, definition::NodeIndex> nodes;
  for (const auto& record : *records) {
    if (const auto* task = std::get_if<machine::TaskStarted>(&record.body))
      nodes[task->frame] = task->node;
    const auto* begun = std::get_if<machine::ChildStarted>(&record.body);
    if (begun != nullptr && begun->child.id == child)
      return {.run = parent, .task = program_->node(nodes[begun->frame]).pointer};
  }
  return {.run = parent, .task = {}};
}

// The pauses between attempts are nothing to wait for; everything else is the test's to move.
void Play::rest() {
  for (int i = 0; i < most_backoffs; ++i) {
    stage_.settle();
    const auto details = stage_.read(*run_);
    if (!details) return complain("The run can't be read: " + details.error().detail);
    Timestamp next = INT64_MAX;
    if (details->state.status == machine::Status::running)
      for (const auto& [id, frame] : details->state.frames)
        if (frame.phase == machine::Phase::backoff) next = std::min(next, frame.due_at);
    if (next == INT64_MAX) return;
    stage_.move_to(std::max(next, clock_.now() + 1));
  }
  complain("The run finds no rest: it tried again " + std::to_string(most_backoffs) + " times.");
}

void Play::make(const Step& step) {
  if (step.kind == Step::Kind::wait) return stage_.move_to(clock_.now() + step.wait_ms);
  if (step.kind == Step::Kind::request) return request(step, ++requests_);
  auto event = filled(step.content);
  if (!event) return;
  event->emplace("specversion", "1.0");
  event->emplace("id", "event-" + step.content.pointer);
  event->emplace("source", "urn:sequent:test");
  event->emplace("time", format_time(clock_.now()));
  const auto delivered = stage_.deliver(std::move(*event));
  if (!delivered)
    complain("the event is refused: " + delivered.error().detail, step.content.pointer);
}

// As the API makes an event of a request to a listening task's route.
void Play::request(const Step& step, std::size_t number) {
  const auto task = program_->find(step.task);
  const definition::ListenRoute* route = nullptr;
  for (const auto& bound : program_->routes)
    if (bound.task == task) route = &bound;
  if (route == nullptr)
    return complain("no task `" + step.task + "` listens to requests (metadata.http)",
                    step.content.pointer);
  auto data = filled(step.content);
  if (!data) return;
  const std::string id = "request-" + std::to_string(number);
  const auto delivered = stage_.deliver({{"specversion", "1.0"},
                                         {"id", id},
                                         {"source", route->source},
                                         {"type", program_->filters.at(route->filter).type},
                                         {"time", format_time(clock_.now())},
                                         {"datacontenttype", "application/json"},
                                         {"sequentrequest", true},
                                         {"data", std::move(*data)}});
  if (!delivered)
    return complain("the request is refused: " + delivered.error().detail, step.content.pointer);
  rest();
  if (!step.expect) return;
  const auto taken = stage_.store().request(id);
  const Json names = cast_.variables();
  Comparison comparison{file_, clock_.now(), names};
  comparison.compare(*step.expect, taken && taken->answer ? *taken->answer : Json(), "the answer");
  for (auto& mismatch : comparison.take()) report_.mismatches.push_back(std::move(mismatch));
}

void Play::judge() {
  if (refusal_) return judge_refusal();
  if (!run_) return;
  const auto details = stage_.read(*run_);
  if (!details) return complain("The run can't be read: " + details.error().detail);
  const Json names = cast_.variables();
  Comparison comparison{file_, clock_.now(), names};
  judge_run(comparison, *details);
  judge_story(comparison);
  if (test_.expect.records)
    comparison.compare(*test_.expect.records, cast_.records().all(), "records");
  for (auto& mismatch : comparison.take()) report_.mismatches.push_back(std::move(mismatch));
  for (const auto& unused : cast_.unused()) {
    const auto given = unused.answers->in_turn ? unused.answers->answers.size() : 1;
    report_.mismatches.push_back({.line = unused.answers->line,
                                  .pointer = "",
                                  .what = "answers of " + unused.answers->task,
                                  .expected = "all " + std::to_string(given) + " to be asked for",
                                  .came = std::to_string(unused.used)});
  }
}

void Play::judge_refusal() {
  Json error{{"detail", refusal_->detail}, {"findings", Json::array()}};
  for (const auto& finding : refusal_->findings)
    error["findings"].push_back({{"message", finding.message}, {"pointer", finding.pointer}});
  const Json names = cast_.variables();
  Comparison comparison{file_, clock_.now(), names};
  judge_status(comparison, "refused", error);
  if (test_.expect.error) comparison.compare(*test_.expect.error, error, "error");
  for (auto& mismatch : comparison.take()) report_.mismatches.push_back(std::move(mismatch));
}

// Who says nothing of the status expects what the rest implies.
void Play::judge_status(Comparison& comparison, const std::string& came, const Json& error) {
  const auto& expect = test_.expect;
  std::string expected = expect.status;
  const char* member = "/status";
  if (expected.empty()) {
    expected = expect.error ? "faulted" : expect.waiting_for ? "waiting" : "completed";
    member = "";
    if (expect.error && came == "refused") return;
  }
  if (expected == came) return;
  const auto index = static_cast<std::size_t>(&test_ - file_.tests.data());
  comparison.add("/tests/" + std::to_string(index) + "/expect" + member, "status", expected,
                 came + (error.is_null() ? "" : " with " + dump_json(error)));
}

void Play::judge_run(Comparison& comparison, const runtime::RunDetails& run) {
  const auto& expect = test_.expect;
  const Json error = run.state.error ? machine::to_json(*run.state.error) : Json();
  judge_status(comparison, std::string(machine::name_of(run.view.status)), error);
  if (expect.error) comparison.compare(*expect.error, error, "error");
  if (expect.output)
    comparison.compare(*expect.output, run.state.output ? *run.state.output : Json(), "output");
  if (expect.response) {
    Json response;
    if (run.state.response) response = machine::plain_answer(*run.state.response);
    if (run.state.answer) response = *run.state.answer;
    comparison.compare(*expect.response, response, "response");
  }
  if (!expect.waiting_for) return;
  const auto& waits = run.view.waiting_for;
  comparison.compare(*expect.waiting_for,
                     {{"kind", waits.kind},
                      {"task", program_->node(program_->find(run.view.task)).name},
                      {"detail", waits.detail},
                      {"provider", waits.provider},
                      {"operation", waits.operation},
                      {"reason", waits.reason},
                      {"errorType", waits.error_type},
                      {"attempt", waits.attempt}},
                     "waitingFor");
}

// What happened on the way.
void Play::judge_story(Comparison& comparison) {
  auto records = stage_.journal(*run_);
  if (!records) return complain("The journal can't be read: " + records.error().detail);
  report_.journal = std::move(*records);
  std::vector<Json> path, calls, emitted;
  for (const auto& record : report_.journal) {
    if (const auto* task = std::get_if<machine::TaskStarted>(&record.body); task && task->node != 0)
      path.emplace_back(program_->node(task->node).name);
    if (const auto* event = std::get_if<machine::EventEmitted>(&record.body))
      emitted.push_back(*event->event);
  }
  for (const auto& call : cast_.calls()) calls.push_back(call.json());
  for (const auto& name : path) report_.path.push_back(name.get<std::string>());
  const auto& expect = test_.expect;
  if (expect.path) comparison.compare_sequence(*expect.path, path, "path", "task");
  if (expect.calls) comparison.compare_sequence(*expect.calls, calls, "calls", "call");
  if (expect.emitted) comparison.compare_sequence(*expect.emitted, emitted, "emitted", "event");
}

}  // namespace

Result<std::vector<TestReport>> run_tests(const TestFile& file, const std::string& workflow_text,
                                          const runtime::ActivityRegistry& catalog,
                                          const std::string& only) {
  const auto programs = std::make_shared<crashtest::Programs>(1);
  std::vector<TestReport> reports;
  for (const auto& test : file.tests) {
    if (!only.empty() && test.name != only) continue;
    auto report = Play{file, test, catalog, programs}.run(workflow_text);
    if (!report) return std::unexpected(std::move(report.error()));
    reports.push_back(std::move(*report));
  }
  return reports;
}

}  // namespace sequent::workflowtest
