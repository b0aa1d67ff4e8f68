// Finding and reading runs.
#include "api/filter.hpp"
#include "api/provider_json.hpp"
#include "api/resources.hpp"
#include "api/run_json.hpp"
#include "api/standing.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::api {
namespace {

asio::awaitable<Answer> find_runs(Context& context, runtime::RunFilter filter, std::string cursor,
                                  std::size_t limit) {
  auto look = [&context, filter = std::move(filter), cursor = std::move(cursor), limit] {
    return context.ports.runs.list(filter, cursor, limit);
  };
  const auto page = co_await on_pool(context.ports.pool, std::move(look));
  if (!page) co_return problem(context, page.error());
  Json items = Json::array();
  for (const auto& run : page->runs) {
    const auto program = context.ports.engine.program(run.digest);
    items.push_back(summary_json(run, program.get()));
  }
  co_return json_answer(200, page_json(std::move(items), page->cursor));
}

struct Search {
  runtime::RunFilter filter;
  std::string cursor;
  std::vector<std::string> by;
  std::size_t limit = 0;
  bool exact = false;  // counts all, however long that takes
};

/// The body of a search or an aggregation; `by` only in the latter.
Result<Search> parse_search(const Context& context, const Call& call, bool aggregate) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  StrictObject object{*body, faults};
  Search search;
  if (const Json* filter = object.get("filter"))
    search.filter = filter_from(*filter, faults, "/filter", context.ports.clock.now());
  const auto most = static_cast<std::int64_t>(context.config.max_page_size);
  const auto usual = aggregate ? most : static_cast<std::int64_t>(context.config.default_page_size);
  search.limit = static_cast<std::size_t>(object.whole("limit", 1, most).value_or(usual));
  if (aggregate) {
    search.by = object.texts("by");
    if (search.by.empty()) faults.add("/by", "expected at least one dimension, got none");
    if (const Json* exact = object.get("exact"); exact != nullptr && !exact->is_null()) {
      if (!exact->is_boolean())
        faults.add("/exact", "expected true or false, got " + described(*exact));
      search.exact = exact->is_boolean() && exact->get<bool>();
    }
  } else {
    search.cursor = object.text("cursor");
  }
  object.finish();
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  return search;
}

Result<runtime::NewestCounts> count_runs(runtime::RunQueries& runs, const Search& search) {
  if (!search.exact) return runs.aggregate_newest(search.filter, search.by, search.limit);
  auto groups = runs.aggregate(search.filter, search.by, search.limit);
  if (!groups) return std::unexpected(std::move(groups.error()));
  return runtime::NewestCounts{.groups = *std::move(groups)};
}

Result<void> check_dimensions(const std::vector<std::string>& by) {
  std::vector<std::string> known;
  for (const auto name : runtime::dimensions()) known.emplace_back(name);
  known.emplace_back("attribute.NAME");
  Faults faults;
  for (std::size_t i = 0; i < by.size(); ++i) {
    if (std::find(known.begin(), known.end(), by[i]) != known.end()) continue;
    if (runtime::attribute_dimension(by[i])) continue;
    std::string list;
    for (const auto& name : known) list += (list.empty() ? "" : ", ") + name;
    faults.add("/by/" + std::to_string(i), "expected one of " + list + ", got \"" + by[i] + "\"",
               did_you_mean(by[i], known));
  }
  if (faults.empty()) return {};
  return std::unexpected(faults.error("The body"));
}

}  // namespace

asio::awaitable<Answer> list_runs(Context& context, const Call& call) {
  const auto filter = filter_from_query(call.request.query, context.ports.clock.now());
  if (!filter) co_return problem(context, filter.error());
  const auto limit = page_size(context, call);
  if (!limit) co_return problem(context, limit.error());
  std::string cursor = query_value(call.request, "cursor").value_or("");
  auto finding = find_runs(context, *filter, std::move(cursor), *limit);
  Answer answer = co_await std::move(finding);
  co_return answer;
}

asio::awaitable<Answer> search_runs(Context& context, const Call& call) {
  const auto search = parse_search(context, call, false);
  if (!search) co_return problem(context, search.error());
  auto finding = find_runs(context, search->filter, search->cursor, search->limit);
  Answer answer = co_await std::move(finding);
  co_return answer;
}

asio::awaitable<Answer> aggregate_runs(Context& context, const Call& call) {
  const auto search = parse_search(context, call, true);
  if (!search) co_return problem(context, search.error());
  const auto known = check_dimensions(search->by);
  if (!known) co_return problem(context, known.error());
  auto look = [&context, &search] { return count_runs(context.ports.runs, *search); };
  const auto counts = co_await on_pool(context.ports.pool, std::move(look));
  if (!counts) co_return problem(context, counts.error());
  Json items = Json::array();
  for (const auto& group : counts->groups) {
    Json item{{"count", group.count},
              {"oldest", optional_time(group.oldest)},
              {"newest", optional_time(group.newest)}};
    for (std::size_t i = 0; i < group.group.size() && i < search->by.size(); ++i)
      item["group"][search->by[i]] = group.group[i];
    items.push_back(std::move(item));
  }
  Json page = page_json(std::move(items), "");
  page["complete"] = counts->complete;
  page["since"] = optional_time(counts->since);
  co_return json_answer(200, page);
}

asio::awaitable<Answer> show_run(Context& context, const Call& call) {
  const auto id = run_id(call);
  if (!id) co_return problem(context, id.error());
  auto reading = context.ports.engine.read(*id);
  const auto run = co_await std::move(reading);
  if (!run) co_return problem(context, run.error());
  Json json = run_json(*run);
  auto explaining = add_why(context, *run, json);
  co_await std::move(explaining);
  co_return json_answer(200, json);
}

// 200 with the outcome, or 202 and where the run stands while there is none.
asio::awaitable<Answer> show_result(Context& context, const Call& call) {
  const auto id = run_id(call);
  if (!id) co_return problem(context, id.error());
  const auto asked = query_number(call.request, "wait", 0, 0, 86'400);
  if (!asked) co_return problem(context, asked.error());
  // The definition first: it says what to redact, and an unknown run is 404 without a wait.
  auto look = [&context, &id] { return context.ports.runs.find(*id); };
  const auto summary = co_await on_pool(context.ports.pool, std::move(look));
  const auto program = summary ? context.ports.engine.program(summary->digest) : nullptr;
  if (program == nullptr) {
    const Error error{.code = ErrorCode::not_found,
                      .detail = "There is no run " + id->text() + "."};
    co_return problem(context, error);
  }
  const auto seconds = std::min<std::int64_t>(*asked, context.config.max_wait_seconds);
  auto waiting = context.ports.engine.wait(*id, runtime::Until::ended, seconds * 1'000);
  const auto result = co_await std::move(waiting);
  if (!result) co_return problem(context, result.error());
  Json outcome = outcome_json(*id, *program, *result);
  if (!result->ended) {
    auto standing = add_standing(context, *id, outcome);
    co_await std::move(standing);
  }
  Answer answer = json_answer(result->ended ? 200 : 202, outcome);
  if (!result->ended) {
    answer.response.headers.set("Location", "/api/v1/runs/" + id->text());
    answer.response.headers.set("Retry-After", "1");
  }
  co_return answer;
}

}  // namespace sequent::api
