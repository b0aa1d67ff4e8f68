// Definitions: deploy, list, read.
#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/run_json.hpp"
#include "api/triggers.hpp"
#include "engine/definition/lint/warnings.hpp"
#include "engine/definition/workflow_name.hpp"

namespace sequent::api {
namespace {

using definition::ProgramPtr;

Json workflow_summary(const definition::Program& program) {
  Json json = workflow_json(program);
  json["title"] = optional_text(program.title);
  json["summary"] = optional_text(program.summary);
  json["http"] = nullptr;
  if (program.http) json["http"] = {{"method", program.http->method}, {"path", program.http->path}};
  json["participants"] = program.participants;
  return json;
}

Json workflow_details(const definition::Program& program) {
  Json json = workflow_summary(program);
  json["document"] = program.document;
  json["secrets"] = program.secrets;
  for (const auto& node : program.nodes) {
    if (node.pointer.empty()) continue;
    Json task{{"name", node.name}, {"pointer", node.pointer}};
    if (node.line > 0) task["line"] = node.line;
    json["tasks"].push_back(std::move(task));
  }
  return json;
}

Result<void> check_definition_type(const net::ServerRequest& request) {
  const std::string type = media_type(request);
  const bool yaml = type.ends_with("/yaml") || type.ends_with("/x-yaml") || type.ends_with("+yaml");
  if (type.empty() || yaml || is_json_type(type)) return {};
  return fail(ErrorCode::unsupported_media_type,
              "Expected a workflow with Content-Type: application/yaml or application/json, got " +
                  type + ".");
}

std::string workflow_path(const definition::WorkflowRef& ref) {
  return "/api/v1/workflows/" + net::percent_encode(ref.workflow_namespace) + "/" +
         net::percent_encode(ref.name) + "/" + net::percent_encode(ref.version);
}

}  // namespace

asio::awaitable<Answer> deploy_workflow(Context& context, const Call& call) {
  const Result<void> fit = check_definition_type(call.request);
  AuditNote note;
  note.action = "deploy";
  if (!fit) {
    note.outcome = outcome_of(fit);
    co_await audit(context, call, note);
    co_return problem(context, fit.error());
  }
  auto deploying =
      context.ports.engine.deploy(call.request.body, "", trigger_check(context.ports.engine));
  const auto deployed = co_await std::move(deploying);
  if (!deployed) {
    note.outcome = outcome_of(std::unexpected(deployed.error()));
    co_await audit(context, call, note);
    co_return problem(context, deployed.error());
  }
  const auto& program = *deployed->program;
  note.target = full_name(program.ref);
  note.outcome = deployed->created ? "done" : "done: it was there";
  co_await audit(context, call, note);
  Json body = workflow_summary(program);
  body["created"] = deployed->created;
  body["warnings"] = Json::array();
  for (const auto& finding : definition::lint::usual_warnings(program))
    body["warnings"].push_back({{"detail", finding.message},
                                {"pointer", finding.pointer},
                                {"line", finding.line},
                                {"column", finding.column},
                                {"hint", finding.hint},
                                {"rule", finding.rule}});
  Answer answer = json_answer(deployed->created ? 201 : 200, body);
  answer.response.headers.set("Location", workflow_path(program.ref));
  co_return answer;
}

namespace {

/// Which runs keep a version, as a problem with their number and the search that finds them.
Answer kept_by_runs(const Context& context, const runtime::Deletion& deletion) {
  const auto& ref = deletion.program->ref;
  std::int64_t all = 0;
  std::string each;
  for (const auto& [status, count] : deletion.live) {
    all += count;
    each += (each.empty() ? "" : ", ") + std::to_string(count) + " " + status;
  }
  const std::string where =
      "workflow=" + full_name(ref) + " and status!=completed and status!=cancelled";
  Error error{.code = ErrorCode::conflict};
  error.detail = "Version " + ref.version + " of " + workflow_name(ref) +
                 " is not deleted: " + std::to_string(all) +
                 (all == 1 ? " run of it has" : " runs of it have") + " not ended (" + each +
                 "; one that faulted can be retried). See them with the search \"" + where +
                 "\", and let them end, end them, or move them to another version.";
  Answer answer = problem(context, error);
  auto body = Json::parse(answer.response.body);
  body["liveRuns"] = deletion.live;
  body["where"] = where;
  answer.response.body = dump_json(body);
  return answer;
}

Error confirm_first(const runtime::Deletion& deletion) {
  Error error{.code = unconfirmed};
  error.detail = "Deleting " + full_name(deletion.program->ref) +
                 " changes more than that. Send `confirm=true` if that is meant.";
  for (const auto& effect : deletion.effects) error.findings.push_back({.message = effect});
  return error;
}

Result<bool> confirmation(const net::ServerRequest& request) {
  const auto text = query_value(request, "confirm").value_or("false");
  if (text == "true" || text == "false") return text == "true";
  return fail(ErrorCode::invalid_request, "`confirm` is true or false, got \"" + text + "\".");
}

}  // namespace

asio::awaitable<Answer> delete_workflow(Context& context, const Call& call) {
  const definition::WorkflowRef ref{call.at("namespace"), call.at("name"), call.at("version")};
  AuditNote note;
  note.action = "delete-workflow";
  note.target = full_name(ref);
  note.reason = query_value(call.request, "reason").value_or("");
  std::optional<Answer> answer;
  const auto confirmed = confirmation(call.request);
  if (note.reason.empty() || !confirmed) {
    const Error error = confirmed
                            ? Error{.code = ErrorCode::invalid_request,
                                    .detail = "Say why with `reason`; the audit log keeps it."}
                            : confirmed.error();
    note.outcome = outcome_of(std::unexpected(error));
    answer = problem(context, error);
  } else {
    auto deleting = context.ports.engine.delete_definition(ref, *confirmed,
                                                           trigger_check(context.ports.engine));
    const auto deletion = co_await std::move(deleting);
    if (!deletion) {
      note.outcome = outcome_of(std::unexpected(deletion.error()));
      answer = problem(context, deletion.error());
    } else if (deletion->done) {
      note.outcome = "done";
      note.before = workflow_json(*deletion->program);
      note.after = Json{{"effects", deletion->effects}};
      answer = json_answer(200, Json{{"workflow", workflow_json(*deletion->program)},
                                     {"effects", deletion->effects}});
    } else if (!deletion->live.empty()) {
      answer = kept_by_runs(context, *deletion);
      note.outcome = "conflict: its runs have not ended";
      note.after = Json{{"liveRuns", deletion->live}};
    } else {
      const Error error = confirm_first(*deletion);
      note.outcome = outcome_of(std::unexpected(error));
      note.after = Json{{"effects", deletion->effects}};
      answer = problem(context, error);
    }
  }
  auto auditing = audit(context, call, note);
  co_await std::move(auditing);
  co_return *std::move(answer);
}

asio::awaitable<Answer> list_workflows(Context& context, const Call&) {
  auto programs = context.ports.engine.programs();
  std::sort(programs.begin(), programs.end(), [](const ProgramPtr& a, const ProgramPtr& b) {
    return std::tie(a->ref.workflow_namespace, a->ref.name, a->ref.version) <
           std::tie(b->ref.workflow_namespace, b->ref.name, b->ref.version);
  });
  Json items = Json::array();
  for (const auto& program : programs) {
    Json item = workflow_summary(*program);
    const definition::WorkflowRef highest{program->ref.workflow_namespace, program->ref.name, ""};
    const auto latest = context.ports.engine.program(highest);
    item["latest"] = latest != nullptr && latest->digest == program->digest;
    items.push_back(std::move(item));
  }
  co_return json_answer(200, page_json(std::move(items), ""));
}

asio::awaitable<Answer> show_workflow(Context& context, const Call& call) {
  definition::WorkflowRef ref;
  ref.workflow_namespace = call.at("namespace");
  ref.name = call.at("name");
  if (call.parameters.contains("version")) ref.version = call.at("version");
  const auto digest = query_value(call.request, "digest").value_or("");
  // By its digest a version is found that is deleted and still kept for the runs that it has had.
  auto program =
      digest.empty() ? context.ports.engine.program(ref) : context.ports.engine.program(digest);
  if (program != nullptr && !digest.empty() && program->ref != ref) program = nullptr;
  if (program == nullptr) {
    const auto unknown = unknown_workflow(context.ports.engine, ref);
    co_return problem(context, unknown);
  }
  if (prefers(call.request, "application/yaml")) {
    // What was deployed as JSON is YAML too.
    co_return text_answer(200, "application/yaml", program->source);
  }
  co_return json_answer(200, workflow_details(*program));
}

}  // namespace sequent::api
