// `definitions list | delete`: the versions of workflows that a server has.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"
#include "cli/terminal.hpp"

namespace sequent::cli {
namespace {

std::string bound_to(const Json& workflow) {
  const Json http = workflow.value("http", Json());
  return http.is_object() ? text_of(http, "method") + " " + text_of(http, "path") : "";
}

/// errors  invalid_request
Result<std::string> path_of_version(const std::string& workflow) {
  const auto slash = workflow.find('/');
  const auto colon = workflow.find(':', slash == std::string::npos ? 0 : slash);
  if (slash == std::string::npos || colon == std::string::npos || slash == 0 ||
      colon == slash + 1 || colon + 1 == workflow.size())
    return fail(ErrorCode::invalid_request,
                "expected NAMESPACE/NAME:VERSION, got \"" + workflow + "\"");
  return "/api/v1/workflows/" + net::percent_encode(workflow.substr(0, slash)) + "/" +
         net::percent_encode(workflow.substr(slash + 1, colon - slash - 1)) + "/" +
         net::percent_encode(workflow.substr(colon + 1));
}

}  // namespace

int run_definitions_list(const Session& session) {
  Request request;
  request.path = "/api/v1/workflows";
  return ask_and_show(session, request, [&session](const Json& page) {
    Table table{{"WORKFLOW", "LATEST", "BOUND TO"}};
    for (const auto& workflow : page.value("items", Json::array()))
      table.add({{workflow_text(workflow), Style::plain},
                 {workflow.value("latest", false) ? "yes" : "", Style::plain},
                 {bound_to(workflow), Style::plain}});
    table.print(session.terminal);
  });
}

int run_definitions_delete(const Session& session, const DeleteDefinitionOptions& options) {
  const auto path = path_of_version(options.workflow);
  if (!path) {
    session.terminal.error("error: " + printable(path.error().detail));
    return wrong_use;
  }
  Request request;
  request.method = "DELETE";
  request.path =
      *path + query_text({{"reason", options.reason}, {"confirm", options.yes ? "true" : ""}});
  const auto answer = ask(session, request);
  const Terminal& terminal = session.terminal;
  if (!answer) {
    const Refusal& refusal = answer.error();
    const int code = report(session, refusal);
    const bool asks = refusal.problem.is_object() && refusal.problem.contains("errors");
    if (asks && !options.yes && !session.json)
      terminal.error("With --yes it is deleted all the same.");
    return code;
  }
  return show(session, answer->body, [&](const Json& deletion) {
    terminal.out("deleted " + printable(options.workflow));
    for (const auto& effect : deletion.value("effects", Json::array()))
      if (effect.is_string()) terminal.out("  " + printable(effect.get<std::string>()));
  });
}

}  // namespace sequent::cli
