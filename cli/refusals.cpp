#include "cli/refusals.hpp"

namespace sequent::cli {
namespace {

std::string advice(net::TransportError::Kind kind) {
  using Kind = net::TransportError::Kind;
  switch (kind) {
    case Kind::connect:
      return " Is it running? Start one with `sequent serve`, or name another with --server URL or "
             "SEQUENT_SERVER.";
    case Kind::resolve:
    case Kind::invalid:
      return " Check the address: --server URL or SEQUENT_SERVER.";
    case Kind::tls:
      return " Check the server's certificate, or the address: http:// or https://.";
    case Kind::timeout:
      return " It took too long to answer; what was asked may have been done.";
    case Kind::send:
    case Kind::receive:
      return " The connection broke; what was asked may have been done.";
    case Kind::too_large:
      return " The answer is too large; ask for less with --limit.";
    case Kind::cancelled:
      return "";
  }
  return "";
}

Finding finding_of(const Json& json) {
  Finding finding;
  finding.message = text_of(json, "detail");
  finding.pointer = text_of(json, "pointer");
  finding.file = text_of(json, "file");
  finding.hint = text_of(json, "hint");
  const auto number = [&json](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_number_integer() ? found->get<int>() : 0;
  };
  finding.line = number("line");
  finding.column = number("column");
  return finding;
}

}  // namespace

Refusal unreachable(const std::string& server, net::TransportError::Kind kind,
                    const std::string& message) {
  Refusal refusal;
  refusal.message = "No answer from " + server + ": " + message +
                    (message.ends_with('.') ? "" : ".") + advice(kind);
  return refusal;
}

Refusal no_sequent(const std::string& server, int status) {
  Refusal refusal;
  refusal.status = status;
  refusal.message = server + " answered " + std::to_string(status) +
                    " with a body that is no JSON: is it a sequent server? Check --server or "
                    "SEQUENT_SERVER.";
  return refusal;
}

Refusal refused(const std::string& server, int status, const std::string& body) {
  auto problem = parse_json(body);
  if (!problem || !problem->is_object() || text_of(*problem, "title").empty())
    return no_sequent(server, status);
  Refusal refusal;
  refusal.status = status;
  const auto title = text_of(*problem, "title");
  const auto detail = text_of(*problem, "detail");
  // A detail that is a sentence stands for itself; a fragment needs the title before it.
  refusal.message = detail.ends_with('.') || detail.ends_with('?') ? detail
                    : detail.empty()                               ? title
                                                                   : title + ": " + detail;
  refusal.problem = *std::move(problem);
  return refusal;
}

int report(const Session& session, const Refusal& refusal) {
  const Terminal& terminal = session.terminal;
  if (session.json) {
    Json json = refusal.problem;
    if (json.is_null()) json = Json{{"detail", refusal.message}};
    terminal.error(dump_json(json));
    return failed;
  }
  if (refusal.problem.is_object() && refusal.problem.contains("errors") &&
      refusal.problem["errors"].is_array())
    for (const auto& each : refusal.problem["errors"]) {
      if (!each.is_object()) continue;
      const Finding finding = finding_of(each);
      const bool said =
          finding.line == 0 && refusal.message.find(finding.message) != std::string::npos;
      if (!said) terminal.error(finding_line(finding));
    }
  terminal.error(terminal.paint_error(Style::bad, "error") + ": " + printable(refusal.message));
  return failed;
}

}  // namespace sequent::cli
