// `runs [filters]`: which runs there are, newest first.
#include <optional>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/moment.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

constexpr int page_size = 500;
constexpr int max_pages = 100'000;

Result<Query> query_of(const Session& session, const RunsOptions& options) {
  Query query{{"workflow", options.workflow}, {"key", options.key},
              {"task", options.task},         {"waiting", options.waiting},
              {"provider", options.provider}, {"errorType", options.error_type},
              {"text", options.text},         {"where", options.where}};
  if (options.stuck) query.emplace_back("stuck", "true");
  for (const auto& status : options.statuses) query.emplace_back("status", status);
  for (const auto& attribute : options.attributes) {
    const auto equals = attribute.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorCode::invalid_request,
                  "Expected --attr as NAME=VALUE, got `" + attribute + "`.");
    query.emplace_back("attribute." + attribute.substr(0, equals), attribute.substr(equals + 1));
  }
  if (!options.since.empty()) {
    const auto since = moment_of("--since", options.since, session.clock.now());
    if (!since) return std::unexpected(since.error());
    query.emplace_back("startedAfter", format_time(*since));
  }
  return query;
}

Table runs_table(const Session& session, const Json& items) {
  const Timestamp now = session.clock.now();
  Table table{{"RUN", "WORKFLOW", "KEY", "STATUS", "TASK", "WAITING FOR", "AGE"}};
  for (const auto& run : items) {
    const auto status = text_of(run, "status");
    std::string waiting = waiting_text(run.value("waitingFor", Json()), now);
    if (waiting.empty()) waiting = problem_text(run.value("error", Json()));
    table.add({{text_of(run, "id"), Style::plain},
               {workflow_text(run.value("workflow", Json())), Style::plain},
               {shortened(text_of(run, "key", "-"), 32), Style::plain},
               {status, style_of_status(status)},
               {shortened(text_of(run, "task", "-"), 40), Style::plain},
               {waiting.empty() ? "-" : shortened(waiting, 60), Style::plain},
               {age_text(run.value("startedAt", Json()), now), Style::plain}});
  }
  return table;
}

/// Everything, page by page: printed as it comes, so that memory stays small. In JSON it is one
/// document of the same shape as a page, a run on each line.
class AllRuns {
 public:
  explicit AllRuns(const Session& session) : session_(session) {
    if (session.json) session.terminal.out("{\"cursor\": null, \"items\": [");
  }
  void print(const Json& items) {
    if (!session_.json && !items.empty()) runs_table(session_, items).print(session_.terminal);
    for (const auto& run : items) {
      if (session_.json) session_.terminal.out((count_ == 0 ? "  " : ", ") + dump_json(run));
      ++count_;
    }
  }
  void end() const {
    session_.terminal.out(session_.json ? "]}" : std::to_string(count_) + " runs");
  }

 private:
  const Session& session_;
  std::size_t count_ = 0;
};

/// The server looks at a bounded number of runs for each answer: we go on until the page is full or
/// the history is at its end.
std::expected<Json, Refusal> full_page(const Session& session, const Query& query,
                                       const RunsOptions& options) {
  Json page{{"items", Json::array()}, {"cursor", nullptr}};
  std::string cursor = options.cursor;
  for (int asked = 0; asked < max_pages; ++asked) {
    const auto missing = static_cast<std::size_t>(options.limit) - page["items"].size();
    Query rest = query;
    rest.emplace_back("limit", std::to_string(missing));
    rest.emplace_back("cursor", cursor);
    Request request;
    request.path = "/api/v1/runs" + query_text(rest);
    auto answer = ask(session, request);
    if (!answer) return std::unexpected(std::move(answer.error()));
    for (auto& run : answer->body["items"]) page["items"].push_back(std::move(run));
    page["cursor"] = answer->body.value("cursor", Json());
    cursor = text_of(page, "cursor");
    if (cursor.empty() || page["items"].size() >= static_cast<std::size_t>(options.limit)) break;
  }
  return page;
}

int print_all(const Session& session, const Query& query) {
  std::optional<AllRuns> all;
  std::string cursor;
  for (int page = 0; page < max_pages; ++page) {
    Query asked = query;
    asked.emplace_back("limit", std::to_string(page_size));
    asked.emplace_back("cursor", cursor);
    Request request;
    request.path = "/api/v1/runs" + query_text(asked);
    const auto answer = ask(session, request);
    if (!answer) return report(session, answer.error());
    if (!all) all.emplace(session);  // nothing is printed of a list that was refused
    all->print(answer->body.value("items", Json::array()));
    cursor = text_of(answer->body, "cursor");
    if (cursor.empty()) break;
  }
  all->end();
  return done;
}

}  // namespace

int run_runs(const Session& session, const RunsOptions& options) {
  auto query = query_of(session, options);
  if (!query) {
    report(session, query.error());
    return wrong_use;
  }
  if (options.all) return print_all(session, *query);
  const auto page = full_page(session, *query, options);
  if (!page) return report(session, page.error());
  return show(session, *page, [&session](const Json& runs) {
    print_page(session.terminal, runs_table(session, runs.at("items")), runs, "No runs.");
  });
}

}  // namespace sequent::cli
