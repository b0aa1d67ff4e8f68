// `diagram FILE|RUN`: a workflow, or what a run did, as a sequence diagram. `--trace`: which task
// carries out which arrow of the documents, and which test shows it. `--write`: both, as files.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "cli/checked_file.hpp"
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/run_text.hpp"
#include "cli/sequences.hpp"
#include "cli/workflow_files.hpp"
#include "engine/diagram/draw_definition.hpp"

namespace sequent::cli {
namespace {

namespace fs = std::filesystem;

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

// Nothing when one of the files has a mistake, which is printed.
std::optional<std::vector<Checked>> check_all(const Session& session,
                                              const std::vector<std::string>& subjects) {
  const auto files = workflow_files(subjects);
  if (!files) {
    report(session, files.error());
    return std::nullopt;
  }
  std::vector<Checked> all;
  for (const auto& file : *files) {
    all.push_back(check_file(file));
    if (all.back().program) continue;
    print_errors(session, all.back());
    return std::nullopt;
  }
  return all;
}

int jobs() {
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int print_trace(const Session& session, const std::vector<std::string>& subjects) {
  const auto workflows = check_all(session, subjects);
  if (!workflows) return failed;
  const auto table = trace_table(*workflows, jobs());
  if (!table) return report(session, table.error());
  print(session, "markdown", *table);
  return done;
}

Result<void> write_page(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << text;
  file.close();
  if (error || !file) return fail(ErrorCode::unavailable, "Cannot write " + path.string() + ".");
  return {};
}

// What stands in the folder and is not what should: one line for people about each.
std::vector<std::string> stale_pages(const fs::path& folder, const std::vector<Page>& pages) {
  std::vector<std::string> stale;
  std::set<fs::path> wanted;
  for (const auto& page : pages) {
    const fs::path path = folder / page.path;
    wanted.insert(path);
    const auto there = read_file(path.string(), page.text.size() + 1);
    if (!there || *there != page.text)
      stale.push_back(path.string() +
                      " is not what the workflows say; write it anew: sequent diagram workflows "
                      "--write docs");
  }
  std::error_code error;  // no such folder: nothing in it
  for (const auto& entry : fs::directory_iterator(folder / "sequences", error))
    if (entry.path().extension() == ".md" && !wanted.contains(entry.path()))
      stale.push_back(entry.path().string() + " is of no workflow: delete it");
  return stale;
}

int write_all(const Session& session, const DiagramOptions& options) {
  const auto workflows = check_all(session, options.subjects);
  if (!workflows) return failed;
  auto pages = workflow_pages(*workflows, options.write);
  if (!pages) return report(session, pages.error());
  auto table = trace_table(*workflows, jobs());
  if (!table) return report(session, table.error());
  pages->push_back(Page{.path = "sequences.md", .text = *std::move(table)});
  const fs::path folder{options.write};
  if (!options.check)
    for (const auto& page : *pages)
      if (auto written = write_page(folder / page.path, page.text); !written)
        return report(session, written.error());
  // After writing, only what we did not write and will not delete can be left.
  const auto stale = stale_pages(folder, *pages);
  for (const auto& line : stale) session.terminal.error(line);
  return stale.empty() ? done : failed;
}

}  // namespace

int run_diagram(const Session& session, const DiagramOptions& options) {
  // What the engines that play have to say is no news.
  if (options.trace || !options.write.empty()) spdlog::set_level(spdlog::level::off);
  if (!options.write.empty()) return write_all(session, options);
  if (options.trace) return print_trace(session, options.subjects);
  if (options.subjects.size() > 1)
    return report(session, Error{.code = ErrorCode::invalid_request,
                                 .detail = "Expected one workflow file or one run, got " +
                                           std::to_string(options.subjects.size()) +
                                           "; only --trace and --write take several."});
  std::error_code ignored;
  if (fs::exists(options.subjects.front(), ignored)) return draw_file(session, options);
  return draw_run(session, options);
}

}  // namespace sequent::cli
