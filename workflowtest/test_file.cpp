#include "workflowtest/test_file.hpp"

#include <array>
#include <filesystem>
#include <set>

#include "engine/definition/fields.hpp"

namespace sequent::workflowtest {
namespace {

using definition::Fields;
using definition::Report;
using definition::Value;

constexpr std::string_view infix = ".tests";
constexpr Timestamp usual_beginning = 1'800'000'000'000;  // 2027-01-15T08:00:00Z
constexpr std::int64_t longest_wait_days = 400;
constexpr std::string_view anything = "...";

// What expressions may name: see player.cpp.
const std::vector<std::string>& known_variables() {
  static const std::vector<std::string> names{"$attempt", "$calls", "$now", "$run"};
  return names;
}

class Reader {
 public:
  Reader(const definition::Document& document, const std::string& file)
      : document_(document), report_(document, file), builder_({}, 1) {
    result_.file = file;
  }

  Result<TestFile> read();

 private:
  void read_test(const Value& value);
  void read_world(Fields& fields, Test& test);
  void read_answers(const Value& value, bool must_serve, std::vector<Answers>& into);
  void read_answer(const Value& value, Answers& into);
  void read_problem(Fields& fields, const Value& problem, Answer& answer);
  void read_step(const Value& value, Test& test);
  void read_request(const Value& value, Step& step);
  void read_expectation(const Value& value, Expectation& expect);
  void check_path(const Sequence& path);
  void check_calls(const Value& value);
  Sequence read_sequence(const Value& value, std::string_view what);
  DurationMs read_duration(const Value& value);
  Written written(const Value& value);
  [[nodiscard]] int line_of(const Value& value) const {
    return document_.at(value.pointer).key.line;
  }
  void find_holes(const Json& json, const std::string& pointer, const Json::json_pointer& at,
                  Template& into);
  void compile_expressions();

  const definition::Document& document_;
  Report report_;
  expression::ExpressionSetBuilder builder_;
  std::vector<std::string> places_;  // pointer of each expression, by id
  std::vector<Answers> shared_;
  TestFile result_;
};

Result<TestFile> Reader::read() {
  const Value root{.json = &document_.root, .pointer = ""};
  Fields fields{report_, root, "a test file"};
  result_.workflow = result_.file;
  result_.workflow.erase(result_.workflow.rfind(infix), infix.size());
  if (const auto workflow = fields.get("workflow"))
    if (const auto text = definition::read_text(report_, *workflow, "a workflow file"))
      result_.workflow =
          (std::filesystem::path(result_.file).parent_path() / *text).lexically_normal().string();
  if (const auto answers = fields.get("answers")) read_answers(*answers, false, shared_);
  fields.know({"anchors"});  // a place for what YAML anchors name
  if (const auto tests = fields.require("tests", "a list of tests"))
    if (definition::is_list(report_, *tests, "tests")) {
      if (tests->json->empty()) report_.mistyped(*tests, "at least one test");
      for (std::size_t i = 0; i < tests->json->size(); ++i) read_test(tests->item(i));
    }
  fields.finish();
  compile_expressions();
  if (report_.empty()) return std::move(result_);
  Error error{
      .code = ErrorCode::invalid_definition,
      .detail = result_.file + " is no test file as docs/testing-workflows.md describes it."};
  error.findings = report_.take();
  return std::unexpected(std::move(error));
}

void Reader::read_test(const Value& value) {
  Fields fields{report_, value, "a test"};
  Test test;
  test.line = document_.at(value.pointer).value.line;
  test.begins_at = usual_beginning;
  if (const auto name = fields.require("name", "a name for reports and `--test`"))
    test.name = definition::read_text(report_, *name, "a name").value_or("");
  for (const auto& other : result_.tests)
    if (!test.name.empty() && other.name == test.name)
      report_.at_value(value.pointer + "/name", "the name `" + test.name +
                                                    "` is taken by the test in line " +
                                                    std::to_string(other.line));
  if (const auto text = fields.get("description"))
    test.description = definition::read_text(report_, *text, "a description").value_or("");
  read_world(fields, test);
  if (const auto steps = fields.get("steps"))
    if (definition::is_list(report_, *steps, "steps"))
      for (std::size_t i = 0; i < steps->json->size(); ++i) read_step(steps->item(i), test);
  if (const auto expect = fields.require("expect", "what must come of the test"))
    read_expectation(*expect, test.expect);
  fields.finish();
  result_.tests.push_back(std::move(test));
}

// What is there before the run begins, and what answers it.
void Reader::read_world(Fields& fields, Test& test) {
  if (const auto at = fields.get("at")) {
    const auto text = definition::read_text(report_, *at, "a time");
    const auto time = text ? parse_time(*text) : std::nullopt;
    if (text && !time) report_.mistyped(*at, "a time such as 2027-01-15T08:00:00Z");
    test.begins_at = time.value_or(usual_beginning);
  }
  test.input.content.skeleton = Json::object();
  if (const auto input = fields.get("input")) test.input = written(*input);
  if (const auto secrets = fields.get("secrets"))
    if (definition::is_object(report_, *secrets, "secrets by name"))
      for (const auto& [name, secret] : secrets->json->items()) test.secrets[name] = secret;
  if (const auto records = fields.get("records"))
    if (definition::is_object(report_, *records, "collections of records by key")) {
      for (const auto& name : definition::member_names(*records->json))
        (void)definition::is_object(report_, records->member(name), "records by key");
      test.records = written(*records);
    }
  if (const auto answers = fields.get("answers")) read_answers(*answers, true, test.answers);
  const auto answered = [&](const Answers& shared) {
    return std::ranges::any_of(test.answers,
                               [&](const Answers& own) { return own.task == shared.task; });
  };
  for (const auto& shared : shared_)
    if (!answered(shared)) test.answers.push_back(shared);
}

void Reader::read_answers(const Value& value, bool must_serve, std::vector<Answers>& into) {
  if (!definition::is_object(report_, value, "answers by the names of their tasks")) return;
  for (const auto& task : definition::member_names(*value.json)) {
    const Value given = value.member(task);
    Answers answers{.task = task, .line = line_of(given), .must_serve = must_serve};
    answers.in_turn = given.json->is_array();
    if (answers.in_turn) {
      if (given.json->empty()) report_.mistyped(given, "at least one answer");
      for (std::size_t i = 0; i < given.json->size(); ++i) read_answer(given.item(i), answers);
    } else {
      read_answer(given, answers);
    }
    into.push_back(std::move(answers));
  }
}

void Reader::read_answer(const Value& value, Answers& into) {
  constexpr std::array<std::pair<const char*, Answer::Kind>, 4> kinds{
      {{"output", Answer::Kind::output},
       {"problem", Answer::Kind::problem},
       {"adopted", Answer::Kind::adopted},
       {"absent", Answer::Kind::absent}}};
  Fields fields{report_, value, "an answer"};
  Answer answer;
  int given = 0;
  for (const auto& [name, kind] : kinds) {
    const auto content = fields.get(name);
    if (!content) continue;
    ++given;
    answer.kind = kind;
    answer.content = written(*content);
    if (kind == Answer::Kind::problem) read_problem(fields, *content, answer);
    if (kind == Answer::Kind::absent && *content->json != true)
      report_.mistyped(*content, "true: looking proves that nothing was done");
  }
  if (given != 1 && fields.usable())
    report_.at_value(value.pointer, "expected one of output, problem, adopted and absent, got " +
                                        std::string(given == 0 ? "none" : "several"));
  fields.finish();
  into.answers.push_back(std::move(answer));
}

void Reader::read_problem(Fields& fields, const Value& problem, Answer& answer) {
  (void)definition::is_object(report_, problem, "problem details: {status, title, detail, type}");
  if (const auto outcome = fields.get("outcome")) {
    const auto word = definition::read_choice(report_, *outcome, "the outcome",
                                              {"transient", "permanent", "unknown"});
    if (word == "transient") answer.outcome = machine::Outcome::transient;
    if (word == "unknown") answer.outcome = machine::Outcome::unknown;
  }
  if (const auto after = fields.get("retryAfter")) answer.retry_after_ms = read_duration(*after);
}

void Reader::read_step(const Value& value, Test& test) {
  Fields fields{report_, value, "a step"};
  Step step;
  int given = 0;
  if (const auto event = fields.get("event")) {
    ++given;
    step.content = written(*event);
    if (definition::is_object(report_, *event, "a CloudEvent") && !event->json->contains("type"))
      report_.at_value(event->pointer, "expected the type of the event, got none");
  }
  if (const auto request = fields.get("request")) {
    ++given;
    step.kind = Step::Kind::request;
    read_request(*request, step);
  }
  if (const auto wait = fields.get("wait")) {
    ++given;
    step.kind = Step::Kind::wait;
    step.wait_ms = read_duration(*wait);
    step.content.pointer = wait->pointer;
    step.content.line = line_of(*wait);
  }
  if (given != 1 && fields.usable())
    report_.at_value(value.pointer, "expected one of event, request and wait, got " +
                                        std::string(given == 0 ? "none" : "several"));
  fields.finish();
  test.steps.push_back(std::move(step));
}

void Reader::read_request(const Value& value, Step& step) {
  Fields fields{report_, value, "a request"};
  step.content = Written{.content = {}, .pointer = value.pointer, .line = line_of(value)};
  step.content.content.skeleton = Json::object();
  if (const auto task = fields.require("task", "the listening task that takes the request"))
    step.task = definition::read_text(report_, *task, "the name of a task").value_or("");
  if (const auto data = fields.get("data")) step.content = written(*data);
  if (const auto expect = fields.get("expect")) step.expect = written(*expect);
  fields.finish();
}

void Reader::read_expectation(const Value& value, Expectation& expect) {
  Fields fields{report_, value, "an expectation"};
  if (const auto status = fields.get("status"))
    expect.status =
        definition::read_choice(report_, *status, "a status",
                                {"completed", "faulted", "waiting", "running", "refused"})
            .value_or("");
  const auto part = [&](std::string_view name, std::optional<Written>& into) {
    if (const auto given = fields.get(name)) into = written(*given);
  };
  part("output", expect.output);
  part("error", expect.error);
  part("response", expect.response);
  part("waitingFor", expect.waiting_for);
  part("records", expect.records);
  if (const auto path = fields.get("path")) {
    expect.path = read_sequence(*path, "names of tasks");
    check_path(*expect.path);
  }
  if (const auto calls = fields.get("calls")) {
    expect.calls = read_sequence(*calls, "calls");
    check_calls(*calls);
  }
  if (const auto emitted = fields.get("emitted"))
    expect.emitted = read_sequence(*emitted, "emitted events");
  if (expect.output && expect.error)
    report_.at_key(value.pointer + "/error", "a run has an output or an error, not both");
  if (fields.usable() && value.json->empty())
    report_.mistyped(value, "at least one of status, output, error, path, calls, …");
  fields.finish();
}

void Reader::check_path(const Sequence& path) {
  for (const auto& item : path.items)
    if (!item.any && !item.content.content.skeleton.is_string())
      report_.at_value(item.content.pointer, "expected the name of a task, or `...`");
}

void Reader::check_calls(const Value& value) {
  if (!value.json->is_array()) return;
  for (std::size_t i = 0; i < value.json->size(); ++i) {
    const Value call = value.item(i);
    if (*call.json == anything) continue;
    Fields fields{report_, call, "a call"};
    fields.know({"task", "activity", "workflow", "with", "attempt"});
    fields.finish();
  }
}

Sequence Reader::read_sequence(const Value& value, std::string_view what) {
  Sequence sequence{.items = {}, .pointer = value.pointer, .line = line_of(value)};
  if (!definition::is_list(report_, value, what)) return sequence;
  for (std::size_t i = 0; i < value.json->size(); ++i) {
    const Value item = value.item(i);
    sequence.items.push_back({.any = *item.json == anything, .content = written(item)});
  }
  return sequence;
}

DurationMs Reader::read_duration(const Value& value) {
  constexpr std::array<std::pair<std::string_view, DurationMs>, 5> units{{{"days", 86'400'000},
                                                                          {"hours", 3'600'000},
                                                                          {"minutes", 60'000},
                                                                          {"seconds", 1'000},
                                                                          {"milliseconds", 1}}};
  Fields fields{report_, value, "a duration"};
  DurationMs sum = 0;
  for (const auto& [unit, ms] : units)
    if (const auto member = fields.get(unit))
      sum += ms * definition::read_integer(report_, *member, std::string(unit), 0,
                                           longest_wait_days * 86'400'000 / ms)
                      .value_or(0);
  fields.finish();
  if (fields.usable() && sum <= 0) report_.mistyped(value, "a duration such as {hours: 24}");
  return sum;
}

Written Reader::written(const Value& value) {
  Written out{.content = {}, .pointer = value.pointer, .line = line_of(value)};
  out.content.skeleton = *value.json;
  find_holes(*value.json, value.pointer, Json::json_pointer{}, out.content);
  return out;
}

void Reader::find_holes(const Json& json, const std::string& pointer, const Json::json_pointer& at,
                        Template& into) {
  if (json.is_string()) {
    const auto source = expression::strip_expression(json.get_ref<const std::string&>());
    if (!source) return;
    const auto id = builder_.add(*source);
    if (places_.size() <= id) places_.resize(id + 1, pointer);
    into.skeleton[at] = nullptr;
    into.holes.push_back({.at = at, .expression = id});
  } else if (json.is_array()) {
    for (std::size_t i = 0; i < json.size(); ++i)
      find_holes(json[i], pointer + "/" + std::to_string(i), at / i, into);
  } else if (json.is_object()) {
    for (const auto& [name, member] : json.items())
      find_holes(member, pointer + "/" + pointer_segment(name), at / name, into);
  }
}

void Reader::compile_expressions() {
  if (places_.empty()) return;
  auto built = builder_.build();
  if (!built) {
    for (const auto& mistake : built.error())
      report_.at_value(places_.at(mistake.id),
                       "the expression does not compile: " + mistake.message);
    return;
  }
  for (expression::ExpressionId id = 0; id < places_.size(); ++id)
    for (const auto& name : (*built)->needs(id).variables)
      if (std::ranges::find(known_variables(), "$" + name) == known_variables().end())
        report_.at_value(places_[id],
                         "the expression names `$" + name + "`, which is not known here",
                         definition::suggestion("$" + name, known_variables()));
  result_.expressions = std::move(*built);
}

std::unexpected<Error> unreadable(const std::string& file, std::vector<Finding> findings) {
  Error error{.code = ErrorCode::invalid_definition,
              .detail = file + " can't be read as YAML or JSON."};
  error.findings = std::move(findings);
  for (auto& finding : error.findings) finding.file = file;
  return std::unexpected(std::move(error));
}

}  // namespace

Result<TestFile> read_tests(std::string_view text, const std::string& file) {
  if (!is_test_file(file))
    return fail(ErrorCode::invalid_request,
                "Expected the name of a test file, NAME.tests.yaml, got " + file + ".");
  auto document = definition::read_document(text, {});
  if (!document) return unreadable(file, std::move(document.error()));
  if (!document->findings.empty()) return unreadable(file, std::move(document->findings));
  const auto kept = std::make_shared<const definition::Document>(std::move(*document));
  auto tests = Reader{*kept, file}.read();
  if (tests) tests->document = kept;
  return tests;
}

std::string test_file_of(const std::string& workflow_file) {
  const std::filesystem::path path{workflow_file};
  return (path.parent_path() / (path.stem().string() + std::string(infix) + ".yaml")).string();
}

bool is_test_file(std::string_view file) {
  const auto stem = std::filesystem::path(file).stem().string();
  return stem.size() > infix.size() && stem.ends_with(infix);
}

}  // namespace sequent::workflowtest
