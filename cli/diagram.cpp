// `diagram FILE|RUN`: a workflow, or what a run did, as a sequence diagram. `--trace`: which task
// carries out which arrow of the documents.
#include <filesystem>

#include "cli/checked_file.hpp"
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"
#include "cli/workflow_files.hpp"
#include "engine/diagram/draw_definition.hpp"
#include "engine/diagram/trace.hpp"

namespace sequent::cli {
namespace {

void print_errors(const Session& session, const Checked& checked) {
  for (const auto& finding : checked.errors)
    session.terminal.error(session.terminal.paint(Style::bad, finding_line(finding)));
}

void print(const Session& session, const std::string& format, const std::string& text) {
  if (session.json) {
    session.terminal.json({{"format", format}, {"text", text}});
  } else {
    session.terminal.out(text);
  }
}

int draw_file(const Session& session, const DiagramOptions& options) {
  const Checked checked = check_file(options.subjects.front());
  if (!checked.program) {
    print_errors(session, checked);
    return failed;
  }
  const auto picture = diagram::draw_definition(*checked.program);
  print(session, options.format,
        options.format == "mermaid" ? diagram::mermaid(picture) : diagram::plantuml(picture));
  return done;
}

int draw_run(const Session& session, const DiagramOptions& options) {
  Request request;
  request.path =
      run_path(options.subjects.front(), "/diagram") + query_text({{"format", options.format}});
  const auto answer = ask(session, request);
  if (!answer) return report(session, answer.error());
  print(session, options.format, text_of(answer->body, "text"));
  return done;
}

int print_trace(const Session& session, const std::vector<std::string>& subjects) {
  const auto files = workflow_files(subjects);
  if (!files) return report(session, files.error());
  std::vector<definition::ProgramPtr> programs;
  for (const auto& file : *files) {
    const Checked checked = check_file(file);
    if (!checked.program) {
      print_errors(session, checked);
      return failed;
    }
    programs.push_back(checked.program);
  }
  print(session, "markdown", diagram::trace_markdown(diagram::trace(programs)));
  return done;
}

}  // namespace

int run_diagram(const Session& session, const DiagramOptions& options) {
  if (options.trace) return print_trace(session, options.subjects);
  if (options.subjects.size() > 1)
    return report(session, Error{.code = ErrorCode::invalid_request,
                                 .detail = "Expected one workflow file or one run, got " +
                                           std::to_string(options.subjects.size()) +
                                           "; only --trace takes several."});
  std::error_code ignored;
  if (std::filesystem::exists(options.subjects.front(), ignored))
    return draw_file(session, options);
  return draw_run(session, options);
}

}  // namespace sequent::cli
