// `start NAMESPACE/NAME --input …`: begins a run and, with --wait, tells how it ended.
#include <algorithm>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

constexpr int longest_wait = 30;  // seconds, of one request

bool has_ended(const Json& outcome) {
  const auto status = text_of(outcome, "status");
  return status == "completed" || status == "faulted" || status == "cancelled";
}

Result<Request> start_request(const StartOptions& options) {
  const auto slash = options.workflow.find('/');
  const auto colon = std::min(options.workflow.find(':'), options.workflow.size());
  if (slash == std::string::npos || slash == 0 || slash + 1 >= colon)
    return fail(
        ErrorCode::invalid_request,
        "Expected NAMESPACE/NAME or NAMESPACE/NAME:VERSION, got `" + options.workflow + "`.");
  Request request;
  request.method = "POST";
  const auto version = colon < options.workflow.size() ? options.workflow.substr(colon + 1) : "";
  request.path =
      "/api/v1/workflows/" + net::percent_encode(options.workflow.substr(0, slash)) + "/" +
      net::percent_encode(options.workflow.substr(slash + 1, colon - slash - 1)) + "/runs" +
      query_text({{"version", version}, {"key", options.key}, {"onConflict", options.on_conflict}});
  request.body = Json::object();
  if (!options.input.empty()) {
    auto input = json_argument(options.input);
    if (!input) return std::unexpected(input.error());
    request.body = *std::move(input);
  }
  if (!options.idempotency_key.empty())
    request.headers.emplace_back("Idempotency-Key", options.idempotency_key);
  if (options.wait_seconds > 0) {
    const int wait = std::min(options.wait_seconds, longest_wait);
    request.headers.emplace_back("Prefer", "wait=" + std::to_string(wait));
    request.timeout_ms += wait * 1'000L;
  }
  return request;
}

/// Asks for the outcome until there is one, or the wait is over.
std::expected<Json, Refusal> await_outcome(const Session& session, Json outcome,
                                           Timestamp deadline) {
  while (!has_ended(outcome)) {
    const Timestamp left = deadline - session.clock.now();
    if (left <= 0) break;
    const auto wait = std::clamp<Timestamp>((left + 999) / 1'000, 1, longest_wait);
    Request request;
    request.path = run_path(text_of(outcome, "id"), "/result?wait=" + std::to_string(wait));
    request.timeout_ms += static_cast<long>(wait) * 1'000L;
    auto answer = ask(session, request);
    if (!answer) return std::unexpected(std::move(answer.error()));
    outcome = std::move(answer->body);
  }
  return outcome;
}

int print_outcome(const Session& session, const Json& outcome, bool waited, bool replayed) {
  const Terminal& terminal = session.terminal;
  const auto status = text_of(outcome, "status");
  const bool good = !waited || status == "completed";
  if (session.json) {
    terminal.json(outcome);
    return good ? done : failed;
  }
  terminal.out(printable(text_of(outcome, "id")) + "  " +
               printable(workflow_text(outcome.value("workflow", Json()))) + "  " +
               terminal.paint(style_of_status(status), printable(status)) +
               (replayed ? "  (an earlier start had the same key)" : ""));
  if (!waited) return done;
  if (status == "completed") terminal.json(outcome.value("output", Json()));
  if (status == "faulted")
    terminal.error(terminal.paint_error(Style::bad, "error") + ": " +
                   printable(problem_text(outcome.value("error", Json())), true));
  const auto waiting = waiting_text(outcome.value("waitingFor", Json()), session.clock.now());
  if (!has_ended(outcome))
    terminal.error("It has not ended within the wait" +
                   (waiting.empty() ? "" : " (" + printable(waiting) + ")") + "; `sequent show " +
                   printable(text_of(outcome, "id")) + "` says where it stands.");
  return good ? done : failed;
}

}  // namespace

int run_start(const Session& session, const StartOptions& options) {
  const auto request = start_request(options);
  if (!request) {
    report(session, request.error());
    return wrong_use;
  }
  const bool waits = options.wait_seconds > 0;
  const Timestamp deadline = session.clock.now() + std::max(0, options.wait_seconds) * 1'000LL;
  const auto started = ask(session, *request);
  if (!started) return report(session, started.error());
  const bool replayed = started->headers.find("Idempotency-Replayed") != nullptr;
  if (!waits) return print_outcome(session, started->body, false, replayed);
  const auto outcome = await_outcome(session, started->body, deadline);
  if (!outcome) return report(session, outcome.error());
  return print_outcome(session, *outcome, true, replayed);
}

}  // namespace sequent::cli
