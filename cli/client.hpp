#pragma once
// The commands' way to a server: one HTTP request at a time, answers as JSON, errors as people read
// them.
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "cli/session.hpp"
#include "net/http_message.hpp"

namespace sequent::cli {

/// Where the server is: --server, SEQUENT_SERVER, else the default of `serve`.
[[nodiscard]] std::string server_of(const Session& session);

struct Answer {
  int status = 0;
  net::Headers headers;
  Json body;  // null when there is none
};

/// Why there is no answer to use: a problem of the server, or no server.
struct Refusal {
  int status = 0;       // 0 = nothing came
  std::string message;  // for people: what happened and what to do
  Json problem;         // problem details, or null
};

using Query = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string path;  // below the server's address, with its query
  Json body;         // null = none
  std::string text;  // a body that is no JSON, with `type`
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  long timeout_ms = 30'000;
};

/// "?a=b&c=d" with what is not empty, or "".
[[nodiscard]] std::string query_text(const Query& query);

/// Sends and waits.
[[nodiscard]] std::expected<Answer, Refusal> ask(const Session& session, const Request& request);

/// Hears server-sent events until `take` says false, or the server ends the stream (nothing then).
/// `take` gets each event's name and data.
[[nodiscard]] std::expected<void, Refusal> listen(
    const Session& session, const std::string& path,
    const std::function<bool(const std::string& name, const Json& data)>& take);

/// How people read an answer.
using Print = std::function<void(const Json& body)>;
/// What a command has to say: `body` with --json, else what `print` makes of it. Returns `done`.
int show(const Session& session, const Json& body, const Print& print);
/// Asks and shows the answer. Returns `failed` after a refusal, which is reported.
int ask_and_show(const Session& session, const Request& request, const Print& print);

/// One page of a list as people read it: its rows, or `nothing`, and how to go on.
void print_page(const Terminal& terminal, const Table& rows, const Json& page,
                std::string_view nothing);

/// Prints a refusal: the problem's words and each finding. Returns `failed`.
int report(const Session& session, const Refusal& refusal);

}  // namespace sequent::cli
