#include "api/context.hpp"

#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/routes.hpp"

namespace sequent::api {

Context::Context(ApiConfig with, ApiPorts through)
    : config(std::move(with)), ports(through), counters(routes().size() + 2) {}

Answer json_answer(int status, const Json& body) {
  return text_answer(status, "application/json", dump_json(body));
}

Answer text_answer(int status, std::string type, std::string body) {
  Answer answer;
  answer.response.status = status;
  answer.response.headers.set("Content-Type", std::move(type));
  answer.response.body = std::move(body);
  return answer;
}

Answer problem(const Context& context, const Error& error) {
  Answer answer;
  answer.response = problem_response(error, context.config.documentation_base);
  return answer;
}

asio::awaitable<void> audit(const Context& context, const Call& call, AuditNote note) {
  runtime::AuditEntry entry;
  entry.at = context.ports.clock.now();
  entry.principal = call.principal.name;
  entry.action = std::move(note.action);
  entry.target = std::move(note.target);
  entry.reason = std::move(note.reason);
  entry.outcome = std::move(note.outcome);
  entry.remote = call.request.remote;
  entry.before = std::move(note.before);
  entry.after = std::move(note.after);
  auto write = [&context, entry = std::move(entry)] {
    context.ports.audit.append(entry);
    return true;
  };
  (void)co_await on_pool(context.ports.pool, std::move(write));
}

std::string outcome_of(const Result<void>& result) {
  if (result) return "done";
  return std::string(kind_of(result.error().code).slug) + ": " + result.error().detail;
}

Result<InstanceId> run_id(const Call& call) {
  const std::string& text = call.at("id");
  if (const auto id = InstanceId::parse(text)) return *id;
  return fail(ErrorCode::not_found, "There is no run \"" + text +
                                        "\": the id of a run is a UUID, such as "
                                        "0197a6c2-8d1b-7c3e-9f00-5b2d7a1e0003.");
}

Json optional_time(Timestamp at) {
  return at == 0 ? Json(nullptr) : Json(format_time(at));
}

Json optional_text(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Result<std::size_t> page_size(const Context& context, const Call& call) {
  const auto& config = context.config;
  const auto limit =
      query_number(call.request, "limit", static_cast<std::int64_t>(config.default_page_size), 1,
                   static_cast<std::int64_t>(config.max_page_size));
  if (!limit) return std::unexpected(limit.error());
  return static_cast<std::size_t>(*limit);
}

Json page_json(Json items, const std::string& cursor) {
  Json page = Json::object();
  page["items"] = std::move(items);
  page["cursor"] = optional_text(cursor);
  return page;
}

}  // namespace sequent::api
