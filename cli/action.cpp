// `suspend | resume | retry | rewind | skip | cancel | terminate RUN`: what operators do to one run.
#include <unistd.h>

#include <iostream>
#include <optional>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

Result<Json> action_body(const ActionOptions& options) {
  Json body{{"reason", options.reason}};
  if (!options.task.empty()) body["task"] = options.task;
  if (!options.input.empty()) {
    auto input = json_argument(options.input);
    if (!input) return input;
    body["input"] = *std::move(input);
  }
  if (!options.patch.empty()) {
    auto patch = json_argument(options.patch);
    if (!patch) return patch;
    body["patch"] = *std::move(patch);
  }
  if (options.yes) body["confirm"] = true;
  if (!options.output.empty()) {
    auto output = json_argument(options.output);
    if (!output) return output;
    body["output"] = *std::move(output);
  }
  return body;
}

/// The server refused because effects would happen again, or be undone: tells them and asks. Nothing
/// when the refusal is another one, or nobody can be asked.
std::optional<bool> agreed(const Session& session, const Refusal& refusal, bool undoes) {
  constexpr int conflict = 409;
  const auto effects =
      refusal.problem.is_object() ? refusal.problem.value("errors", Json()) : Json();
  if (refusal.status != conflict || !effects.is_array() || effects.empty()) return std::nullopt;
  if (session.json || isatty(STDIN_FILENO) == 0) return std::nullopt;
  session.terminal.error(undoes ? "This will be undone, in this order:"
                                : "This will happen again:");
  for (const auto& effect : effects)
    session.terminal.error("  " + printable(text_of(effect, "pointer")) + " " +
                           printable(text_of(effect, "detail")));
  session.terminal.error(undoes ? "Undo it, and cancel the run? [y/N]"
                                : "Go back all the same? [y/N]");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace

int run_action(const Session& session, const ActionOptions& options) {
  auto body = action_body(options);
  if (!body) {
    report(session, body.error());
    return wrong_use;
  }
  Request request;
  request.method = "POST";
  request.path = run_path(options.run, ":" + options.verb);
  request.body = *std::move(body);
  auto answer = ask(session, request);
  const bool undoes = options.verb == "cancel";
  if (!answer && (undoes || options.verb == "rewind") && !options.yes) {
    const auto agrees = agreed(session, answer.error(), undoes);
    if (agrees && !*agrees) {
      session.terminal.error("Nothing was done.");
      return failed;
    }
    if (agrees) {
      request.body["confirm"] = true;
      answer = ask(session, request);
    }
  }
  if (!answer) return report(session, answer.error());
  return show(session, answer->body, [&](const Json& run) {
    const Terminal& terminal = session.terminal;
    const auto status = text_of(run, "status");
    const auto task = text_of(run, "task");
    // What undoes takes its time; `show` and `watch` say how far it is.
    const bool begun = undoes && run.contains("cancelling") && status != "cancelled";
    terminal.out(options.verb + (begun ? ": begun; the run is " : ": done; the run is ") +
                 terminal.paint(style_of_status(status), printable(status)) +
                 (task.empty() ? "" : " at " + printable(task)));
  });
}

}  // namespace sequent::cli
