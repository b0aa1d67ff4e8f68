// The documentation that every problem's `type` leads to.
#include "api/html.hpp"
#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {
namespace {

Json kind_json(const Context& context, const ProblemKind& kind) {
  return {{"type", context.config.documentation_base + "/problems/" + std::string(kind.slug)},
          {"title", kind.title},
          {"status", kind.status},
          {"meaning", kind.meaning},
          {"remedy", kind.remedy}};
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

Answer html_answer(std::string_view title, const std::string& body) {
  const std::string name = escaped(title);
  Answer answer = text_answer(
      200, "text/html; charset=utf-8",
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + name +
          "</title>\n<meta name=\"viewport\" content=\"width=device-width\">\n"
          "<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
          "td{padding:.2rem 1rem .2rem 0;vertical-align:top}</style>\n</head>\n<body>\n<h1>" +
          name + "</h1>\n" + body + "</body>\n</html>\n");
  answer.response.headers.set("Content-Security-Policy",
                              "default-src 'none'; style-src 'unsafe-inline'");
  answer.response.headers.set("X-Content-Type-Options", "nosniff");
  return answer;
}

asio::awaitable<Answer> list_problems(Context& context, const Call& call) {
  if (prefers(call.request, "text/html")) {
    std::string rows;
    for (const auto& kind : problem_kinds())
      rows += "<tr><td>" + std::to_string(kind.status) + "</td><td><a href=\"/problems/" +
              std::string(kind.slug) + "\">" + escaped(kind.title) + "</a></td></tr>\n";
    co_return html_answer("Problems", "<table>\n" + rows + "</table>\n");
  }
  Json items = Json::array();
  for (const auto& kind : problem_kinds()) items.push_back(kind_json(context, kind));
  co_return json_answer(200, page_json(std::move(items), ""));
}

asio::awaitable<Answer> show_problem(Context& context, const Call& call) {
  const auto* kind = find_kind(call.at("slug"));
  if (kind == nullptr) {
    std::vector<std::string> slugs;
    for (const auto& each : problem_kinds()) slugs.emplace_back(each.slug);
    const Error error{.code = ErrorCode::not_found,
                      .detail = "There is no kind of problem \"" + call.at("slug") + "\". " +
                                did_you_mean(call.at("slug"), slugs)};
    co_return problem(context, error);
  }
  if (prefers(call.request, "application/json"))
    co_return json_answer(200, kind_json(context, *kind));
  const std::string body = "<p>HTTP status " + std::to_string(kind->status) + ", <code>" +
                           std::string(kind->slug) + "</code></p>\n<h2>What it means</h2>\n<p>" +
                           escaped(kind->meaning) + "</p>\n<h2>What to do</h2>\n<p>" +
                           escaped(kind->remedy) +
                           "</p>\n<p><a href=\"/problems\">All kinds of "
                           "problems</a></p>\n";
  co_return html_answer(kind->title, body);
}

}  // namespace sequent::api
