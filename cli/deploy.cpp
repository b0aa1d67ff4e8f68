// `deploy FILE...`: hands definitions to a server.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/run_text.hpp"
#include "cli/workflow_files.hpp"

namespace sequent::cli {
namespace {

// The server does not know the file's name; the findings should.
void name_file(Json& findings, const std::string& file) {
  if (!findings.is_array()) return;
  for (auto& finding : findings)
    if (finding.is_object() && text_of(finding, "file").empty()) finding["file"] = file;
}

void print_deployed(const Session& session, const std::string& file, const Json& body) {
  const Terminal& terminal = session.terminal;
  const bool created = body.value("created", false);
  terminal.out(printable(file) + ": " +
               (created ? terminal.paint(Style::good, "deployed") : std::string("unchanged")) +
               " " + printable(workflow_text(body)));
  if (body.contains("http") && body["http"].is_object())
    terminal.out("  bound to " + printable(text_of(body["http"], "method")) + " " +
                 printable(text_of(body["http"], "path")));
  if (!body.contains("warnings")) return;
  for (const auto& each : body["warnings"]) {
    Finding finding;
    finding.message = text_of(each, "detail");
    finding.pointer = text_of(each, "pointer");
    finding.hint = text_of(each, "hint");
    finding.file = file;
    finding.line = each.value("line", 0);
    finding.column = each.value("column", 0);
    terminal.error(terminal.paint_error(Style::warning, finding_line(finding, "warning")));
  }
}

}  // namespace

int run_deploy(const Session& session, const std::vector<std::string>& files) {
  constexpr std::size_t max_bytes = 1 << 20;
  const auto found = workflow_files(files);
  if (!found) return report(session, found.error());
  int code = done;
  Json all = Json::array();
  for (const auto& file : *found) {
    const auto text = read_file(file, max_bytes);
    if (!text) {
      code = report(session, text.error());
      continue;
    }
    Request request;
    request.method = "POST";
    request.path = "/api/v1/workflows";
    request.text = *text;
    request.type = "application/yaml";  // JSON is YAML
    auto answer = ask(session, request);
    if (!answer) {
      Refusal refusal = std::move(answer.error());
      refusal.message = file + ": " + refusal.message;
      if (refusal.problem.is_object() && refusal.problem.contains("errors"))
        name_file(refusal.problem["errors"], file);
      code = report(session, refusal);
      if (refusal.status == 0) break;  // no server: the next file finds none either
      continue;
    }
    if (session.json) {
      answer->body["file"] = file;
      all.push_back(answer->body);
    } else {
      print_deployed(session, file, answer->body);
    }
  }
  if (session.json) session.terminal.json(all);
  return code;
}

}  // namespace sequent::cli
