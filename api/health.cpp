// Whether the node lives and takes work, and what it is.
#include "api/html.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/routes.hpp"

namespace sequent::api {
namespace {

std::string_view name_of(runtime::Health health) {
  switch (health) {
    case runtime::Health::starting:
      return "starting";
    case runtime::Health::ready:
      return "ready";
    case runtime::Health::degraded:
      return "degraded";
    case runtime::Health::stopping:
      return "stopping";
  }
  return "stopping";
}

const char* const what_this_is =
    "Sequent runs documented billing sequences as durable state machines.";

}  // namespace

// Only says that the process serves: a node whose store is down must not be killed for it.
asio::awaitable<Answer> show_health(Context&, const Call&) {
  co_return json_answer(200, {{"status", "ok"}});
}

asio::awaitable<Answer> show_readiness(Context& context, const Call&) {
  const auto health = context.ports.engine.health();
  Json body{{"status", name_of(health)}};
  const auto detail = context.ports.engine.health_detail();
  if (!detail.empty()) body["detail"] = detail;
  if (health == runtime::Health::ready) co_return json_answer(200, body);
  Answer answer = json_answer(503, body);
  answer.response.headers.set("Retry-After", "1");
  co_return answer;
}

asio::awaitable<Answer> show_index(Context&, const Call& call) {
  if (!prefers(call.request, "text/html")) {
    Json body{{"name", "sequent"}, {"about", what_this_is}};
    body["links"] = {{"openapi", "/openapi.json"}, {"workflows", "/api/v1/workflows"},
                     {"runs", "/api/v1/runs"},     {"health", "/healthz"},
                     {"readiness", "/readyz"},     {"metrics", "/metrics"},
                     {"problems", "/problems"}};
    co_return json_answer(200, body);
  }
  std::string rows;
  for (const Route& route : routes())
    rows += "<tr><td>" + std::string(route.method) + "</td><td><code>" + escaped(route.pattern) +
            "</code></td><td>" + escaped(route.summary) + "</td></tr>\n";
  const std::string body = "<p>" + std::string(what_this_is) +
                           " This node answers to:</p>\n<table>\n" + rows +
                           "</table>\n<p>The whole contract: <a "
                           "href=\"/openapi.json\">/openapi.json</a>.</p>\n";
  co_return html_answer("Sequent", body);
}

}  // namespace sequent::api
