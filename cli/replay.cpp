// `replay RUN --with FILE`: would this definition have done what the run did? Exit code 0: they
// agree, 1: they differ, 2: there is nothing to compare.
#include "engine/replay/replay.hpp"

#include "cli/checked_file.hpp"
#include "cli/commands.hpp"
#include "cli/files.hpp"
#include "cli/journal_read.hpp"
#include "cli/recorded_versions.hpp"
#include "engine/definition/workflow_name.hpp"

namespace sequent::cli {
namespace {

constexpr int most_records = 1'000'000;
constexpr std::size_t shown_columns = 160;  // of a value
constexpr int agree = done, differ = failed;

int nothing_to_compare(const Session& session, const Error& error) {
  (void)report(session, error);
  return wrong_use;
}

void print_difference(const Terminal& terminal, const ReplayCommand& command,
                      const replay::Difference& difference) {
  terminal.out(terminal.paint(Style::bad, "first difference") + " at record " +
               std::to_string(difference.seq) + ", " + format_time(difference.at) +
               (difference.task.empty() ? "" : ", task " + printable(difference.task)));
  terminal.out("  recorded: " + printable(difference.expected));
  terminal.out("  " + printable(difference.under.empty() ? command.with : difference.under) + ": " +
               printable(difference.came));
  const auto shown = [](const Json& value) {
    return shortened(printable(dump_json(value)), shown_columns);
  };
  for (const auto& member : difference.members)
    terminal.out("  " + printable(member.name) + ": recorded " + shown(member.recorded) + ", now " +
                 shown(member.now));
}

Json json_of(const replay::Outcome& outcome) {
  Json json{{"agree", !outcome.difference}, {"records", outcome.records}, {"ended", outcome.ended},
            {"redacted", outcome.redacted}, {"versions", Json::array()},  {"difference", nullptr}};
  for (const auto& [version, given] : outcome.stretches)
    json["versions"].push_back({{"from", version.from},
                                {"version", version.workflow.version},
                                {"with", given ? "given" : "recorded"}});
  if (!outcome.difference) return json;
  Json members = Json::array();
  for (const auto& member : outcome.difference->members)
    members.push_back({{"name", member.name}, {"recorded", member.recorded}, {"now", member.now}});
  json["difference"] = {
      {"seq", outcome.difference->seq},   {"at", format_time(outcome.difference->at)},
      {"task", outcome.difference->task}, {"recorded", outcome.difference->expected},
      {"now", outcome.difference->came},  {"members", std::move(members)}};
  if (!outcome.difference->under.empty()) json["difference"]["under"] = outcome.difference->under;
  return json;
}

// A run that was moved: which definition was followed from which record on.
void print_stretches(const Terminal& terminal, const ReplayCommand& command,
                     const replay::Outcome& outcome) {
  if (outcome.stretches.size() == 1) return;
  for (const auto& [version, given] : outcome.stretches) {
    const auto name = full_name(version.workflow);
    terminal.out(terminal.paint(
        Style::dim,
        "from record " + std::to_string(version.from) + ": " +
            printable(given ? command.with + " in the place of " + name : name + " as recorded")));
  }
}

void print(const Session& session, const ReplayCommand& command, const replay::Outcome& outcome) {
  if (session.json) return session.terminal.json(json_of(outcome));
  print_stretches(session.terminal, command, outcome);
  if (outcome.difference) {
    print_difference(session.terminal, command, *outcome.difference);
  } else {
    session.terminal.out(session.terminal.paint(Style::good, "agree") + ": " + command.with +
                         " does all that was recorded, " + std::to_string(outcome.records) +
                         " records" + (outcome.ended ? "" : "; the run was still under way"));
  }
  if (outcome.redacted)
    session.terminal.out(session.terminal.paint(
        Style::dim, "sensitive data is hidden in the journal: a difference may come of that"));
}

}  // namespace

int run_replay(const Session& session, const ReplayCommand& command) {
  if (command.run.empty() == command.journal.empty())
    return nothing_to_compare(
        session, Error{.code = ErrorCode::invalid_request,
                       .detail = "Expected the id of a run, or --journal FILE, got none."});
  const Checked checked = check_file(command.with);
  if (!checked.program) {
    Error error{.code = ErrorCode::invalid_definition,
                .detail = command.with + " can't be run.",
                .findings = checked.errors};
    return nothing_to_compare(session, error);
  }
  Json journal;
  if (command.journal.empty()) {
    auto read = read_journal(session, command.run, 0, most_records);
    if (!read) {
      (void)report(session, read.error());
      return wrong_use;
    }
    journal = std::move(read->records);
  } else {
    auto read = json_argument(command.journal);
    if (!read) return nothing_to_compare(session, read.error());
    journal = std::move(*read);
  }
  RecordedVersions versions{session, command.journal.empty()};
  if (const auto read = versions.read(command.under); !read)
    return nothing_to_compare(session, read.error());
  const auto outcome = replay::replay(
      journal, checked.program,
      [&versions](const replay::Version& version) { return versions.find(version); });
  if (!outcome) return nothing_to_compare(session, outcome.error());
  print(session, command, *outcome);
  return outcome->difference ? differ : agree;
}

}  // namespace sequent::cli
