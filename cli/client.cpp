#include "cli/client.hpp"

#include <boost/asio.hpp>
#include <optional>

#include "base/assert.hpp"

#include "cli/refusals.hpp"
#include "net/http_client.hpp"

namespace sequent::cli {
namespace {

namespace asio = boost::asio;

net::ClientResult exchange(net::ClientRequest request) {
  asio::io_context io;
  net::HttpClient client;
  std::optional<net::ClientResult> result;
  client.send(std::move(request), io.get_executor(),
              [&result](net::ClientResult came) { result = std::move(came); });
  io.run();  // the request has a time limit, so this ends
  SEQUENT_ASSERT(result.has_value());
  return *std::move(result);
}

net::ClientRequest client_request(const Session& session, const Request& request) {
  net::ClientRequest out;
  out.method = request.method;
  out.url = server_of(session) + request.path;
  out.timeout_ms = request.timeout_ms;
  out.max_response_bytes = 256 << 20;
  out.headers.set("Accept", "application/json");
  for (const auto& [name, value] : request.headers) out.headers.set(name, value);
  if (const auto token = session.environment("SEQUENT_TOKEN"))
    out.headers.set("Authorization", "Bearer " + *token);
  if (!request.text.empty()) {
    out.body = request.text;
    out.headers.set("Content-Type", request.type);
  } else if (!request.body.is_null() || request.method == "POST") {
    out.body = dump_json(request.body);
    out.headers.set("Content-Type", "application/json");
  }
  return out;
}

}  // namespace

std::string server_of(const Session& session) {
  std::string server = session.server;
  if (server.empty())
    server = session.environment("SEQUENT_SERVER").value_or("http://127.0.0.1:8233");
  if (server.find("://") == std::string::npos) server = "http://" + server;
  while (server.ends_with('/')) server.pop_back();
  return server;
}

std::string query_text(const Query& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    text +=
        (text.empty() ? "?" : "&") + net::percent_encode(name) + "=" + net::percent_encode(value);
  }
  return text;
}

std::expected<Answer, Refusal> ask(const Session& session, const Request& request) {
  const auto result = exchange(client_request(session, request));
  if (!result)
    return std::unexpected(
        unreachable(server_of(session), result.error().kind, result.error().message));
  if (result->status >= 400)
    return std::unexpected(refused(server_of(session), result->status, result->body));
  Answer answer;
  answer.status = result->status;
  answer.headers = result->headers;
  if (result->body.empty()) return answer;
  auto json = parse_json(result->body);
  if (!json) return std::unexpected(no_sequent(server_of(session), result->status));
  answer.body = *std::move(json);
  return answer;
}

int show(const Session& session, const Json& body, const Print& print) {
  if (session.json)
    session.terminal.json(body);
  else
    print(body);
  return done;
}

int ask_and_show(const Session& session, const Request& request, const Print& print) {
  const auto answer = ask(session, request);
  if (!answer) return report(session, answer.error());
  return show(session, answer->body, print);
}

void print_page(const Terminal& terminal, const Table& rows, const Json& page,
                std::string_view nothing) {
  if (rows.empty()) return terminal.out(nothing);
  rows.print(terminal);
  const auto cursor = text_of(page, "cursor");
  if (!cursor.empty()) terminal.out(terminal.paint(Style::dim, "more with --cursor " + cursor));
}

}  // namespace sequent::cli
