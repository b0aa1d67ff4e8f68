#include "crashtest/scenario.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "engine/definition/compiler.hpp"
#include "engine/definition/fields.hpp"

namespace sequent::crashtest {
namespace {

using definition::Fields;
using definition::Report;
using definition::Value;

constexpr std::string_view infix = ".scenarios";
constexpr std::int64_t longest_wait_days = 400;

class Reader {
 public:
  Reader(const definition::Document& document, const std::string& file,
         const std::vector<std::string>& stand_ins, int interpreters)
      : document_(document),
        report_(document, file),
        stand_ins_(stand_ins),
        builder_({}, interpreters) {
    result_.file = file;
  }

  Result<ScenarioFile> read();

 private:
  void read_fresh(Fields& fields);
  void read_scenario(const Value& value);
  void read_live(Fields& fields, Scenario& scenario);
  std::optional<expression::ExpressionId> read_condition(const Value& value);
  std::optional<Step> read_step(const Value& value, std::set<std::string>& taken);
  void read_together(const Value& value, Step& step, std::set<std::string>& taken);
  std::optional<Request> read_request(const Value& value, const std::string& name,
                                      std::vector<definition::ArrowPlace>& arrows);
  std::vector<definition::ArrowPlace> read_arrows(Fields& step);
  void read_start(Fields& fields, const Value& start, Json& content);
  std::string read_version(Fields& fields);
  void read_migrate(Fields& fields, const Value& run, Request& request, Json& content);
  void read_call(Fields& fields, Request& request, Json& content, const std::string& pointer);
  std::optional<std::pair<std::string, Value>> named(const Value& value,
                                                     std::set<std::string>& taken);
  DurationMs read_wait(const Value& value);
  void find_holes(const Json& json, const std::string& pointer, const Json::json_pointer& at,
                  expression::Template& into);
  expression::ExpressionId add_expression(std::string source, const std::string& pointer);
  std::string beside(const std::string& name) const;
  void compile_expressions();

  const definition::Document& document_;
  Report report_;
  const std::vector<std::string>& stand_ins_;
  expression::ExpressionSetBuilder builder_;
  std::vector<std::string> places_;  // pointer of each expression, by id
  // Where a member of a request's content came from, to place its expressions.
  std::map<std::string, std::string> origin_;
  ScenarioFile result_;
};

std::string Reader::beside(const std::string& name) const {
  return (std::filesystem::path(result_.file).parent_path() / name).string();
}

Result<ScenarioFile> Reader::read() {
  const Value root{.json = &document_.root, .pointer = ""};
  Fields fields{report_, root, "a scenario file"};
  result_.workflow = result_.file;
  result_.workflow.erase(result_.workflow.rfind(infix), infix.size());
  if (const auto workflow = fields.get("workflow"))
    if (const auto text = definition::read_text(report_, *workflow, "a workflow file"))
      result_.workflow = beside(*text);
  if (const auto needs = fields.get("needs"))
    if (definition::is_list(report_, *needs, "files of workflows"))
      for (std::size_t i = 0; i < needs->json->size(); ++i)
        if (const auto text = definition::read_text(report_, needs->item(i), "a workflow file"))
          result_.needs.push_back(beside(*text));
  read_fresh(fields);
  if (const auto scenarios = fields.require("scenarios", "a list of scenarios"))
    if (definition::is_list(report_, *scenarios, "scenarios")) {
      if (scenarios->json->empty()) report_.mistyped(*scenarios, "at least one scenario");
      for (std::size_t i = 0; i < scenarios->json->size(); ++i) read_scenario(scenarios->item(i));
    }
  fields.finish();
  compile_expressions();
  if (report_.empty()) return std::move(result_);
  Error error{.code = ErrorCode::invalid_definition,
              .detail = result_.file + " is no scenario file as docs/crashtest.md describes it."};
  error.findings = report_.take();
  return std::unexpected(std::move(error));
}

void Reader::read_fresh(Fields& fields) {
  const auto fresh = fields.get("fresh");
  if (!fresh || !definition::is_list(report_, *fresh, "ids")) return;
  for (std::size_t i = 0; i < fresh->json->size(); ++i) {
    const Value item = fresh->item(i);
    const bool number = item.json->is_number_integer() && *item.json > 0;
    const bool text = item.json->is_string() && *item.json != "";
    if (number || text)
      result_.fresh.push_back(number ? item.json->dump() : item.json->get<std::string>());
    else
      report_.mistyped(item, "an id of this file: text, or a number from 1");
  }
}

void Reader::read_scenario(const Value& value) {
  Fields fields{report_, value, "a scenario"};
  Scenario scenario;
  scenario.line = document_.at(value.pointer).value.line;
  if (const auto name = fields.require("name", "a name for reports and `--scenario`"))
    scenario.name = definition::read_text(report_, *name, "a name").value_or("");
  for (const auto& other : result_.scenarios)
    if (!scenario.name.empty() && other.name == scenario.name)
      report_.at_value(value.pointer + "/name", "the name `" + scenario.name +
                                                    "` is taken by the scenario in line " +
                                                    std::to_string(other.line));
  if (const auto text = fields.get("description"))
    scenario.description = definition::read_text(report_, *text, "a description").value_or("");
  if (const auto steps = fields.require("steps", "a list of steps"))
    if (definition::is_list(report_, *steps, "steps")) {
      std::set<std::string> taken;
      for (std::size_t i = 0; i < steps->json->size(); ++i)
        if (auto step = read_step(steps->item(i), taken))
          scenario.steps.push_back(std::move(*step));
    }
  if (const auto expect = fields.get("expect")) scenario.expect = read_condition(*expect);
  read_live(fields, scenario);
  fields.finish();
  result_.scenarios.push_back(std::move(scenario));
}

std::optional<expression::ExpressionId> Reader::read_condition(const Value& value) {
  const auto text = definition::read_text(report_, value, "a condition `${ … }`");
  if (!text) return std::nullopt;
  const auto source = expression::strip_expression(*text);
  if (source) return add_expression(*source, value.pointer);
  report_.mistyped(value, "a condition `${ … }` on the observation");
  return std::nullopt;
}

void Reader::read_live(Fields& fields, Scenario& scenario) {
  if (const auto live = fields.get("live")) {
    if (!live->json->is_boolean()) return report_.mistyped(*live, "true or false");
    scenario.live = live->json->get<bool>();
  }
  const auto expect = fields.get("liveExpect");
  if (!expect) return;
  scenario.live_expect = read_condition(*expect);
  if (!scenario.live)
    report_.at_key(expect->pointer, "`liveExpect` is for scenarios with `live: true`");
}

std::optional<std::pair<std::string, Value>> Reader::named(const Value& value,
                                                           std::set<std::string>& taken) {
  if (!value.json->is_object() || value.json->size() != 1) {
    report_.mistyped(value, "a step as one member `NAME: {…}`");
    return std::nullopt;
  }
  const auto name = value.json->begin().key();
  if (name == "headers")
    report_.at_key(value.pointer + "/" + pointer_segment(name),
                   "the name `headers` stands for the headers of earlier answers");
  if (!taken.insert(name).second)
    report_.at_key(value.pointer + "/" + pointer_segment(name),
                   "the name `" + name + "` is taken by an earlier step of this scenario");
  return std::pair{name, value.member(name)};
}

std::optional<Step> Reader::read_step(const Value& value, std::set<std::string>& taken) {
  const auto found = named(value, taken);
  if (!found) return std::nullopt;
  const auto& [name, body] = *found;
  if (!definition::is_object(report_, body, "a step")) return std::nullopt;
  Step step;
  step.name = name;
  step.pointer = body.pointer;
  step.line = document_.at(body.pointer).key.line;
  const bool waits = body.json->contains("wait");
  if (waits || body.json->contains("together")) {
    Fields fields{report_, body, "this step"};
    if (waits) step.wait = read_wait(*fields.get("wait"));
    if (!waits) read_together(*fields.get("together"), step, taken);
    step.arrows = read_arrows(fields);
    fields.finish();
    return step;
  }
  auto request = read_request(body, name, step.arrows);
  if (!request) return std::nullopt;
  step.requests.push_back(std::move(*request));
  step.names.push_back(name);
  return step;
}

void Reader::read_together(const Value& value, Step& step, std::set<std::string>& taken) {
  if (!definition::is_list(report_, value, "requests at the same moment")) return;
  for (std::size_t i = 0; i < value.json->size(); ++i) {
    const auto found = named(value.item(i), taken);
    if (!found) continue;
    auto request = read_request(found->second, found->first, step.arrows);
    if (!request) continue;
    step.requests.push_back(std::move(*request));
    step.names.push_back(found->first);
  }
}

// Numbers of the workflow's client arrows: 5, or "2.5" for one of its second diagram.
std::vector<definition::ArrowPlace> Reader::read_arrows(Fields& step) {
  std::vector<definition::ArrowPlace> places;
  const auto list = step.get("arrows");
  if (!list || !definition::is_list(report_, *list, "numbers of arrows")) return places;
  for (std::size_t i = 0; i < list->json->size(); ++i) {
    const Value item = list->item(i);
    const bool number = item.json->is_number_integer();
    const auto place =
        definition::parse_arrow_place(number                   ? item.json->dump()
                                      : item.json->is_string() ? item.json->get<std::string>()
                                                               : "");
    if (place)
      places.push_back(*place);
    else
      report_.mistyped(item, "the number of an arrow, such as 5 or \"2.5\"");
  }
  return places;
}

DurationMs Reader::read_wait(const Value& value) {
  Fields fields{report_, value, "a duration"};
  constexpr std::array<std::pair<std::string_view, DurationMs>, 5> units{{{"days", 86'400'000},
                                                                          {"hours", 3'600'000},
                                                                          {"minutes", 60'000},
                                                                          {"seconds", 1'000},
                                                                          {"milliseconds", 1}}};
  DurationMs sum = 0;
  for (const auto& [unit, ms] : units)
    if (const auto member = fields.get(unit))
      sum += ms * definition::read_integer(report_, *member, std::string(unit), 0,
                                           longest_wait_days * 86'400'000 / ms)
                      .value_or(0);
  fields.finish();
  if (fields.usable() && sum <= 0 && report_.empty())
    report_.mistyped(value, "a duration such as {hours: 24}");
  return sum;
}

std::optional<Request> Reader::read_request(const Value& value, const std::string& name,
                                            std::vector<definition::ArrowPlace>& arrows) {
  if (!definition::is_object(report_, value, "a request")) return std::nullopt;
  Fields fields{report_, value, "this step"};
  Request request;
  Json content{{"method", "POST"}, {"headers", Json::object()}};
  origin_.clear();
  request.compared = !value.json->contains("start") && !value.json->contains("event");
  if (const auto start = fields.get("start")) {
    read_start(fields, *start, content);
  } else if (const auto event = fields.get("event")) {
    content["path"] = "/api/v1/events";
    content["headers"]["Content-Type"] = "application/cloudevents+json";
    content["body"] = *event->json;
    origin_["body"] = event->pointer;
    if (definition::is_object(report_, *event, "a CloudEvent")) {
      content["body"].emplace("specversion", "1.0");
      content["body"].emplace("id", "crashtest-" + name);
      content["body"].emplace("source", "urn:sequent:crashtest");
    }
  } else if (const auto migrate = fields.get("migrate")) {
    read_migrate(fields, *migrate, request, content);
  } else {
    read_call(fields, request, content, value.pointer);
  }
  if (const auto status = fields.get("status"))
    if (const auto number =
            definition::read_integer(report_, *status, "the status of the answer", 200, 599))
      request.status = static_cast<int>(*number);
  for (const auto& place : read_arrows(fields)) arrows.push_back(place);
  fields.finish();
  request.content.skeleton = content;
  find_holes(content, value.pointer, Json::json_pointer(), request.content);
  return request;
}

void Reader::read_start(Fields& fields, const Value& start, Json& content) {
  if (const auto name = definition::read_text(report_, start, "NAMESPACE/NAME of a workflow")) {
    if (std::count(name->begin(), name->end(), '/') != 1)
      report_.mistyped(start, "NAMESPACE/NAME of a workflow");
    content["path"] = "/api/v1/workflows/" + *name + "/runs";
    const auto version = read_version(fields);
    if (!version.empty()) content["path"] = text_of(content, "path") + "?version=" + version;
  }
  content["headers"]["Content-Type"] = "application/json";
  content["body"] = Json::object();
  if (const auto input = fields.get("input")) {
    content["body"] = *input->json;
    origin_["body"] = input->pointer;
  }
}

// A run's id is not known before it is played.
void Reader::read_migrate(Fields& fields, const Value& run, Request& request, Json& content) {
  constexpr auto expected = "the run that moves, as an expression such as ${ .begin.id }";
  request.on_run = true;
  request.compared = false;  // how far the run is by then is told by what becomes of it
  content["headers"]["Content-Type"] = "application/json";
  content["body"] = Json{{"reason", "a step of the scenario"}};
  const auto version = read_version(fields);
  if (!version.empty()) content["body"]["version"] = version;
  const auto text = definition::read_text(report_, run, expected);
  if (!text) return;
  const auto source = expression::strip_expression(*text);
  if (!source) return report_.mistyped(run, expected);
  content["path"] = "${ \"/api/v1/runs/\" + (" + *source + "\n) + \":migrate\" }";
  origin_["path"] = run.pointer;
}

// Of a workflow: MAJOR.MINOR.PATCH. Empty when there is none, which is the highest.
std::string Reader::read_version(Fields& fields) {
  const auto version = fields.get("version");
  if (!version) return "";
  constexpr auto expected = "a version of the workflow, such as 1.1.0";
  const auto text = definition::read_text(report_, *version, expected).value_or("");
  if (!text.empty() && !definition::is_semantic_version(text)) report_.mistyped(*version, expected);
  return text;
}

void Reader::read_call(Fields& fields, Request& request, Json& content,
                       const std::string& pointer) {
  if (const auto to = fields.get("to")) {
    request.to = definition::read_text(report_, *to, "`engine` or a provider").value_or("engine");
    auto known = stand_ins_;
    known.emplace_back("engine");
    if (std::find(known.begin(), known.end(), request.to) == known.end())
      report_.at_value(to->pointer, "there is no stand-in `" + request.to + "`",
                       definition::suggestion(request.to, known));
  }
  if (const auto method = fields.get("method"))
    content["method"] = definition::read_choice(report_, *method, "a method",
                                                {"GET", "POST", "PUT", "PATCH", "DELETE"})
                            .value_or("POST");
  if (const auto path = fields.require("path",
                                       "a path, or one of `start`, `event`, `migrate`, `wait`, "
                                       "`together`"))
    content["path"] = definition::read_text(report_, *path, "a path").value_or("");
  // Whether an event was there before depends on how often its sender had to ask, and how far a run
  // has come on when somebody looks at it; what became of both is compared.
  const auto text = content.value("path", "");
  request.on_run = text.find("/api/v1/runs/") != std::string::npos;
  if (text.starts_with("/webhooks/") || request.on_run) request.compared = false;
  if (const auto headers = fields.get("headers"))
    if (definition::is_object(report_, *headers, "headers"))
      for (const auto& [name, header] : headers->json->items())
        if (definition::read_text(report_, headers->member(name), "a header"))
          content["headers"][name] = header;
  const auto body = fields.get("body");
  const auto form = fields.get("form");
  if (body && form) report_.at_key(form->pointer, "expected one of `body` and `form`, got both");
  if (body) {
    content["headers"].emplace("Content-Type", "application/json");
    content["body"] = *body->json;
  }
  if (form && definition::is_object(report_, *form, "form parameters")) {
    content["headers"].emplace("Content-Type", "application/x-www-form-urlencoded");
    content["form"] = *form->json;
  }
  for (const char* member : {"path", "headers", "body", "form"})
    origin_[member] = pointer + "/" + member;
}

// `pointer` is into the file, `at` into the template.
void Reader::find_holes(const Json& json, const std::string& pointer, const Json::json_pointer& at,
                        expression::Template& into) {
  if (json.is_string()) {
    const auto source = expression::strip_expression(json.get_ref<const std::string&>());
    if (!source) return;
    into.skeleton[at] = nullptr;
    into.holes.push_back({.at = at, .expression = add_expression(*source, pointer)});
    return;
  }
  if (!json.is_structured()) return;
  for (const auto& [key, member] : json.items()) {
    const auto known = at.empty() ? origin_.find(key) : origin_.end();
    const auto place =
        known != origin_.end() ? known->second : pointer + "/" + pointer_segment(key);
    if (json.is_array()) {
      find_holes(member, place, at / std::stoul(key), into);
    } else {
      find_holes(member, place, at / key, into);
    }
  }
}

expression::ExpressionId Reader::add_expression(std::string source, const std::string& pointer) {
  const auto id = builder_.add(std::move(source));
  if (places_.size() <= id) places_.resize(id + 1, pointer);
  return id;
}

void Reader::compile_expressions() {
  if (places_.empty()) return;
  auto built = builder_.build();
  if (built) {
    result_.expressions = std::move(*built);
    return;
  }
  for (const auto& mistake : built.error())
    report_.at_value(places_.at(mistake.id), "the expression does not compile: " + mistake.message);
}

}  // namespace

Result<ScenarioFile> read_scenarios(std::string_view text, const std::string& file,
                                    const std::vector<std::string>& stand_ins, int interpreters) {
  if (!is_scenario_file(file))
    return fail(ErrorCode::invalid_request,
                "Expected the name of a scenario file, NAME.scenarios.yaml, got " + file + ".");
  auto document = definition::read_document(text, {});
  if (!document) {
    Error error{.code = ErrorCode::invalid_definition,
                .detail = file + " can't be read as YAML or JSON."};
    error.findings = std::move(document.error());
    for (auto& finding : error.findings) finding.file = file;
    return std::unexpected(std::move(error));
  }
  if (!document->findings.empty()) {
    Error error{.code = ErrorCode::invalid_definition, .detail = file + " has mistakes."};
    error.findings = std::move(document->findings);
    for (auto& finding : error.findings) finding.file = file;
    return std::unexpected(std::move(error));
  }
  return Reader{*document, file, stand_ins, interpreters}.read();
}

std::string scenario_file_of(const std::string& workflow_file) {
  const std::filesystem::path path{workflow_file};
  return (path.parent_path() / (path.stem().string() + std::string(infix) + ".yaml")).string();
}

bool is_scenario_file(std::string_view file) {
  const auto stem = std::filesystem::path(file).stem().string();
  return stem.size() > infix.size() && stem.ends_with(infix);
}

}  // namespace sequent::crashtest
