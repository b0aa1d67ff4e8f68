#include "workflowtest/cast.hpp"

#include <algorithm>

#include "engine/definition/report.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/runtime/batch.hpp"

namespace sequent::workflowtest {
namespace {

constexpr std::string_view child_activity = "workflowtest.child";

runtime::ActivitySpec child_spec() {
  runtime::ActivitySpec spec;
  spec.name = child_activity;
  spec.version = "1";
  spec.provider = "workflowtest";
  spec.idempotent = true;
  return spec;
}

// The provider's failure as the file tells it; what it leaves out is the usual.
machine::Failure failure_of(const Answer& answer, Json told) {
  machine::Failure failure;
  failure.outcome = answer.outcome;
  failure.retry_after_ms = answer.retry_after_ms;
  constexpr auto kind = machine::ErrorKind::communication;
  if (!told.is_object()) told = Json::object();
  told.emplace("type", machine::standard_type(kind));
  told.emplace("title", machine::standard_title(kind));
  told.emplace("status", machine::standard_status(kind));
  failure.problem = machine::problem_from_json(told);
  return failure;
}

}  // namespace

Json Call::json() const {
  Json out{{"task", task}, {"with", with}, {"attempt", attempt}};
  if (!activity.empty()) out["activity"] = activity;
  if (!workflow.empty()) out["workflow"] = workflow;
  return out;
}

/// One activity of the catalog as this cast plays it.
class Cast::Actor final : public runtime::Activity {
 public:
  /// `real`: set for those that need no provider and are what they are.
  Actor(runtime::ActivitySpec spec, Cast& cast, runtime::Activity* real)
      : spec_(std::move(spec)), cast_(cast), real_(real) {
    spec_.in_store = false;  // the store of a test knows no records
  }
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }

  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override {
    const bool own = real_ != nullptr && !cast_.by_task_.contains(attempt.task);
    if (own) {
      auto running = real_->run(std::move(attempt), std::move(input));
      runtime::ActivityResult result = co_await std::move(running);
      co_return result;
    }
    runtime::ActivityResult played = cast_.play(spec_, attempt, input);
    co_return played;
  }
  boost::asio::awaitable<runtime::Reconciliation> reconcile(runtime::Attempt attempt,
                                                            Json input) override {
    runtime::Reconciliation looked = cast_.look(attempt, input);
    co_return looked;
  }

 private:
  runtime::ActivitySpec spec_;
  Cast& cast_;
  runtime::Activity* real_;
};

Cast::Cast(Setting setting) : setting_(std::move(setting)), used_(setting_.test.answers.size()) {}

void Cast::register_activities(runtime::ActivityRegistry& registry) {
  for (const auto& name : setting_.catalog.names()) {
    const auto* spec = setting_.catalog.find(name, "");
    if (spec->emits) {
      registry.add_in_store(*spec);
      continue;
    }
    auto* real = spec->provider == "debug" ? setting_.catalog.activity(name) : nullptr;
    registry.add(std::make_unique<Actor>(*spec, *this, real));
  }
  registry.add(std::make_unique<Actor>(child_spec(), *this, nullptr));
}

std::vector<Finding> Cast::learn(const definition::Program& program) {
  program_ = &program;
  std::vector<Finding> findings;
  std::vector<std::string> names;
  for (const auto& node : program.nodes)
    if (!node.name.empty()) names.push_back(node.name);
  const auto& all = setting_.test.answers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto node = program.find(all[i].task);
    if (node != definition::no_node && node != 0) {
      by_task_[program.node(node).pointer] = i;
      continue;
    }
    const auto same = std::count(names.begin(), names.end(), all[i].task);
    findings.push_back(
        {.message = same > 1 ? "expected one task, got the name of " + std::to_string(same) +
                                   " tasks: `" + all[i].task + "`"
                             : "expected the name or the JSON Pointer of a task of " +
                                   setting_.file.workflow + ", got `" + all[i].task + "`",
         .file = setting_.file.file,
         .line = all[i].line,
         .column = 1,
         .hint = same > 1 ? "name it by its JSON Pointer, such as /do/0/" + all[i].task
                          : definition::suggestion(all[i].task, names)});
  }
  return findings;
}

void Cast::watch(std::function<Origin(const InstanceId&)> origin) {
  origin_ = std::move(origin);
}

std::string Cast::name_of(const std::string& pointer) const {
  const auto node = program_ == nullptr ? definition::no_node : program_->find(pointer);
  return node == definition::no_node ? pointer : program_->node(node).name;
}

Json Cast::variables() const {
  Json calls = Json::object();
  for (const auto& call : calls_) calls[call.task].push_back(call.with);
  return {{"run", run_.text()},
          {"calls", std::move(calls)},
          {"now", format_time(setting_.clock.now())},
          {"attempt", nullptr}};
}

Cast::Taken Cast::take(const std::string& pointer, bool looking) {
  const auto found = by_task_.find(pointer);
  if (found == by_task_.end()) return {};
  const auto& answers = setting_.test.answers[found->second];
  auto& used = used_[found->second];
  const std::size_t place = answers.in_turn ? used : 0;
  if (place >= answers.answers.size()) return {.answers = &answers};
  const Answer& next = answers.answers[place];
  const bool is_look = next.kind == Answer::Kind::adopted || next.kind == Answer::Kind::absent;
  if (is_look != looking) return {.answers = &answers};
  ++used;
  return {.answers = &answers, .answer = &next};
}

runtime::ActivityResult Cast::lacking(const std::string& detail) {
  setting_.complain(detail);
  machine::Failure failure;
  failure.problem = machine::make_problem(machine::ErrorKind::configuration, detail);
  return std::unexpected(std::move(failure));
}

runtime::ActivityResult Cast::play(const runtime::ActivitySpec& spec,
                                   const runtime::Attempt& attempt, const Json& input) {
  const bool child = spec.name == child_activity;
  const Origin origin =
      child ? origin_(attempt.instance) : Origin{.run = attempt.instance, .task = attempt.task};
  if (run_ == InstanceId{}) run_ = origin.run;
  if (origin.run != run_) return std::unexpected(machine::Failure{});
  const std::string& pointer = origin.task;
  const bool record = spec.provider == "records";
  if (record && !by_task_.contains(pointer)) return operate(spec, attempt, input);
  Call call{.task = name_of(pointer), .with = input, .attempt = attempt.number};
  if (child) {
    call.workflow = text_of(input, "workflow");
    call.with = input.value("input", Json());
  } else {
    call.activity = spec.name;
  }
  const std::string what = child ? "the child " + call.workflow : spec.name;
  const Json with = call.with;
  const std::string task = call.task;
  if (!record) calls_.push_back(std::move(call));
  const auto taken = take(pointer, false);
  if (taken.answer != nullptr) return tell(*taken.answer, task, attempt, with);
  if (taken.answers == nullptr)
    return lacking("The task `" + task + "` called " + what + " with " + dump_json(with) +
                   ", and the test has no answer for it; add it to `answers`.");
  return lacking("The task `" + task + "` called " + what + " once more (" +
                 std::to_string(used_[by_task_[pointer]]) + " of " +
                 std::to_string(taken.answers->answers.size()) +
                 " answers are used, and none is left for this call); it asked with " +
                 dump_json(with) + ".");
}

runtime::ActivityResult Cast::tell(const Answer& answer, const std::string& task,
                                   const runtime::Attempt& attempt, const Json& with) {
  auto told = fill(answer, attempt.number, with);
  if (!told)
    return lacking("The answer for `" + task + "` in line " + std::to_string(answer.content.line) +
                   " can't be made: " + told.error().detail);
  if (answer.kind == Answer::Kind::output) return std::move(*told);
  return std::unexpected(failure_of(answer, std::move(*told)));
}

Result<Json> Cast::fill(const Answer& answer, std::uint32_t attempt, const Json& with) const {
  if (answer.content.content.constant()) return answer.content.content.skeleton;
  Json names = variables();
  names["attempt"] = attempt;
  expression::Scope scope;
  scope.now = setting_.clock.now();
  scope.variables = &names;
  return expression::fill(answer.content.content, *setting_.file.expressions, with, scope);
}

runtime::Reconciliation Cast::look(const runtime::Attempt& attempt, const Json& input) {
  runtime::Reconciliation looked;
  const auto taken = take(attempt.task, true);
  if (taken.answer == nullptr) return looked;
  looked.found = runtime::Reconciliation::Found::absent;
  if (taken.answer->kind == Answer::Kind::absent) return looked;
  auto object = fill(*taken.answer, attempt.number, input);
  if (!object) {
    setting_.complain("What looking finds can't be made: " + object.error().detail);
    return {};
  }
  looked.found = runtime::Reconciliation::Found::adopted;
  looked.object = std::move(*object);
  return looked;
}

// Exactly once under a key, as a store does it.
runtime::ActivityResult Cast::operate(const runtime::ActivitySpec& spec,
                                      const runtime::Attempt& attempt, const Json& input) {
  const auto known = operated_.find(attempt.idempotency_key);
  if (known != operated_.end()) return known->second;
  auto done = persistence::run_record_operation(records_, spec.name, input, setting_.clock.now());
  runtime::ActivityResult result;
  if (done) {
    result = std::move(*done);
  } else {
    result = std::unexpected(runtime::failure_of_operation(done.error()));
  }
  operated_.emplace(attempt.idempotency_key, result);
  return result;
}

std::vector<Cast::Unused> Cast::unused() const {
  std::vector<Unused> list;
  const auto& all = setting_.test.answers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t wanted = all[i].in_turn ? all[i].answers.size() : 1;
    if (all[i].must_serve && used_[i] < wanted)
      list.push_back({.answers = &all[i], .used = used_[i]});
  }
  return list;
}

std::string Cast::stand_in_for(const definition::WorkflowRef& workflow) {
  const bool open = workflow.version.empty() || workflow.version == "latest";
  const Json document{
      {"document",
       {{"dsl", "1.0.3"},
        {"namespace", workflow.workflow_namespace},
        {"name", workflow.name},
        {"version", open ? std::string("1.0.0") : workflow.version}}},
      {"do",
       {{{"answer",
          {{"call", child_activity},
           {"with", {{"workflow", workflow_name(workflow)}, {"input", "${ . }"}}}}}}}}};
  return dump_json(document);
}

}  // namespace sequent::workflowtest
