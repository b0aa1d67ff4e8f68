// `suspend | resume | retry | rewind | skip | cancel RUN`: what operators do to one run.
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
  if (!options.output.empty()) {
    auto output = json_argument(options.output);
    if (!output) return output;
    body["output"] = *std::move(output);
  }
  return body;
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
  const auto answer = ask(session, request);
  if (!answer) return report(session, answer.error());
  const Terminal& terminal = session.terminal;
  if (session.json) {
    terminal.json(answer->body);
    return done;
  }
  const auto status = text_of(answer->body, "status");
  const auto task = text_of(answer->body, "task");
  terminal.out(options.verb + ": done; the run is " +
               terminal.paint(style_of_status(status), printable(status)) +
               (task.empty() ? "" : " at " + printable(task)));
  return done;
}

}  // namespace sequent::cli
