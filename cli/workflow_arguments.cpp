// The options of what authors use: `validate`, `test`, `crashtest`, `play`, `deploy`, `diagram` and
// `start`.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

namespace sequent::cli {

void add_workflow_commands(CLI::App& app, Session& session, Chosen& chosen) {
  auto* validate = json_option(
      app.add_subcommand("validate", "Check workflow files, without a server"), session);
  const auto validated = std::make_shared<ValidateCommand>();
  validate->add_option("files", validated->files, "Files, or folders of files")->required();
  validate->add_flag("--strict", validated->strict,
                     "Also warn of what may cost money, and fail where there is a warning");
  validate->add_flag("--verbose", validated->verbose,
                     "Also list the warnings that a document accepts, with its reasons");
  validate->callback(
      [&, validated] { chosen = [&, validated] { return run_validate(session, *validated); }; });

  auto* test = json_option(
      app.add_subcommand("test", "Run the tests beside workflows, with mocked answers"), session);
  const auto declared = std::make_shared<TestCommand>();
  test->add_option("files", declared->files,
                   "NAME.tests.yaml, the workflows they belong to, or folders of them")
      ->required();
  test->add_option("--test", declared->only, "Only the test with this name");
  test->add_flag("--all-tested", declared->all_tested, "Fail where a workflow has no tests");
  test->callback(
      [&, declared] { chosen = [&, declared] { return run_test(session, *declared); }; });

  auto* crashtest = json_option(
      app.add_subcommand(
          "crashtest", "Crash at every checkpoint of workflows, against the providers' stand-ins"),
      session);
  const auto tested = std::make_shared<CrashtestCommand>();
  crashtest->add_option("files", tested->files, "Workflow files, or folders of files")->required();
  crashtest->add_option("--scenario", tested->scenario, "Only the scenario with this name");
  crashtest->add_option("--only", tested->only,
                        "Only this point: before:N or after:N (a checkpoint), reset:N, lost:N, "
                        "500:N, 500-after:N (a call), duplicate:N (a webhook)");
  crashtest
      ->add_option("--every", tested->every,
                   "Each Nth point alone, for slow builds; an odd N meets all kinds")
      ->check(CLI::Range(1, 1'000));
  crashtest->add_option("--seed", tested->seed,
                        "Of ids and of the pauses before retries, default 1");
  crashtest->add_option("--jobs", tested->jobs, "Trials side by side, default one for each core")
      ->check(CLI::Range(1, 256));
  crashtest->callback(
      [&, tested] { chosen = [&, tested] { return run_crashtest(session, *tested); }; });

  auto* play = client_options(
      app.add_subcommand("play",
                         "Play scenarios against a running engine and the running stand-ins"),
      session);
  const auto played = std::make_shared<PlayCommand>();
  play->add_option("files", played->files, "Workflow files, or folders of files")->required();
  play->add_option("--config", played->config,
                   "Where the stand-ins are: what `sequent sandbox --config-out FILE` wrote")
      ->required();
  play->add_option("--scenario", played->scenario,
                   "The scenario with this name, instead of those with `live: true`");
  play->callback([&, played] { chosen = [&, played] { return run_play(session, *played); }; });

  auto* deploy =
      client_options(app.add_subcommand("deploy", "Hand workflows to a server"), session);
  const auto deployed = std::make_shared<std::vector<std::string>>();
  deploy->add_option("files", *deployed, "Files, or folders of files")->required();
  deploy->callback(
      [&, deployed] { chosen = [&, deployed] { return run_deploy(session, *deployed); }; });

  auto* diagram = client_options(
      app.add_subcommand("diagram",
                         "Draw a workflow file, or what a run did, as a sequence diagram"),
      session);
  const auto drawn = std::make_shared<DiagramOptions>();
  diagram->add_option("subject", drawn->subjects, "A workflow file, or a run's id")->required();
  diagram->add_option("--format", drawn->format, "mermaid (default) or plantuml")
      ->check(CLI::IsMember({"mermaid", "plantuml"}));
  diagram->add_flag("--trace", drawn->trace,
                    "Instead, a table of every documented arrow, the task that carries it out, and "
                    "the test that shows it, for all given files and folders");
  auto* write = diagram->add_option("--write", drawn->write,
                                    "Write the table to FOLDER/sequences.md, and each workflow's "
                                    "page to FOLDER/sequences/");
  diagram
      ->add_flag("--check", drawn->check, "Write nothing; fail where something else stands there")
      ->needs(write);
  diagram->callback([&, drawn] { chosen = [&, drawn] { return run_diagram(session, *drawn); }; });

  auto* start = client_options(app.add_subcommand("start", "Start a run"), session);
  const auto options = std::make_shared<StartOptions>();
  start->add_option("workflow", options->workflow, "NAMESPACE/NAME[:VERSION]")->required();
  start->add_option("--input", options->input, "JSON, a file of JSON, or - for standard input");
  start->add_option("--key", options->key, "Business key, instead of the workflow's own");
  start->add_option("--idempotency-key", options->idempotency_key,
                    "Makes a repeated start answer with the first run");
  start->add_option("--on-conflict", options->on_conflict,
                    "When the business key is taken: return, reject, restart-if-faulted");
  start->add_option("--wait", options->wait_seconds, "Seconds to wait for the end of the run")
      ->check(CLI::Range(0, 86'400));
  start->callback([&, options] { chosen = [&, options] { return run_start(session, *options); }; });
}

}  // namespace sequent::cli
