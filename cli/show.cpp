// `show RUN`: where a run stands, and why it stands still.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

struct Sheet {
  const Terminal& terminal;

  void line(std::string_view label, std::string_view value, Style style = Style::plain) const {
    if (value.empty()) return;
    std::string name{label};
    name.resize(13, ' ');
    terminal.out(terminal.paint(Style::dim, name) + terminal.paint(style, printable(value)));
  }
  void block(std::string_view label, const Json& value) const {
    if (value.is_null() || (value.is_object() && value.empty())) return;
    line(label, dump_json(value).size() <= 80 ? dump_json(value) : " ");
    if (dump_json(value).size() <= 80) return;
    terminal.out(printable(value.dump(2, ' ', false, Json::error_handler_t::replace), true));
  }
};

Json member(const Json& json, const char* name) {
  return json.is_object() ? json.value(name, Json()) : Json();
}

void print_times(const Sheet& sheet, const Json& run, Timestamp now) {
  const auto line = [&](const char* label, const char* name) {
    const auto time = member(run, name);
    if (time.is_string()) sheet.line(label, time_text(time) + ", " + age_text(time, now) + " ago");
  };
  line("started", "startedAt");
  line("updated", "updatedAt");
  line("ended", "endedAt");
  const auto deadline = member(run, "deadline");
  if (deadline.is_string()) sheet.line("deadline", time_text(deadline), Style::warning);
}

void print_waiting(const Sheet& sheet, const Json& run, Timestamp now) {
  const auto waiting = member(run, "waitingFor");
  const auto text = waiting_text(waiting, now);
  if (text.empty()) return;
  const bool parked = text_of(waiting, "kind") == "parked";
  sheet.line("waits for", text, parked ? Style::bad : Style::warning);
  const auto since = member(waiting, "since");
  if (since.is_string())
    sheet.line("  since", time_text(since) + ", " + age_text(since, now) + " ago");
  const auto until = member(waiting, "until");
  if (until.is_string()) sheet.line("  until", time_text(until));
  sheet.line("  provider", text_of(waiting, "provider"));
  sheet.line("  operation", text_of(waiting, "operation"));
  sheet.line("  last error", text_of(waiting, "errorType"));
  sheet.line("  key", key_text(waiting, now));
  sheet.line("  child", text_of(waiting, "run"));
}

/// Of a run that is being cancelled, or was.
void print_undoing(const Sheet& sheet, const Json& run) {
  const auto cancelling = member(run, "cancelling");
  if (!cancelling.is_object()) return;
  std::string text =
      dump_json(member(cancelling, "undone")) + " of " + dump_json(member(cancelling, "total"));
  if (const auto now = member(cancelling, "undoes"); now.is_object())
    text += "; now " + text_of(now, "task") + ", by " + text_of(now, "by");
  const auto open = text_of(cancelling, "findsOut");
  if (!open.empty()) text += "; what became of " + open + " is not known yet";
  sheet.line("undone", text, Style::warning);
}

void print_run(const Session& session, const Json& run) {
  const Sheet sheet{session.terminal};
  const Timestamp now = session.clock.now();
  const auto status = text_of(run, "status");
  sheet.line("run", text_of(run, "id"), Style::bold);
  sheet.line("workflow", workflow_text(member(run, "workflow")));
  sheet.line("key", text_of(run, "key"));
  sheet.line("status", status, style_of_status(status));
  sheet.line("reason", text_of(run, "reason"));
  sheet.line("task", text_of(run, "task"));
  print_undoing(sheet, run);
  print_waiting(sheet, run, now);
  sheet.line("why", text_of(run, "why"));
  const auto error = member(run, "error");
  if (error.is_object()) {
    sheet.line("error", problem_text(error), Style::bad);
    sheet.line("  type", text_of(error, "type"));
    sheet.line("  at", text_of(error, "instance"));
    const auto call = member(run, "failedCall");
    sheet.line("  provider", text_of(call, "provider"));
    sheet.line("  operation", text_of(call, "operation"));
    sheet.line("  circuit", text_of(call, "circuit"));
  }
  print_times(sheet, run, now);
  sheet.line("started by", text_of(run, "startedBy"));
  sheet.line("parent", text_of(run, "parent"));
  const auto count = [&run](const char* name) {
    const auto value = member(run, name);
    return value.is_number() ? dump_json(value) : std::string{};
  };
  const auto uncounted = count("uncountedAttempts");
  sheet.line("attempts", count("attempts") + (uncounted.empty() || uncounted == "0"
                                                  ? ""
                                                  : ", and " + uncounted + " that do not count"));
  sheet.line("tasks done", count("completedTasks"));
  sheet.line("records", count("seq"));
  sheet.block("attributes", member(run, "attributes"));
  sheet.block("input", member(run, "input"));
  sheet.block("response", member(run, "response"));
  sheet.block("output", member(run, "output"));
}

}  // namespace

int run_show(const Session& session, const std::string& run) {
  Request request;
  request.path = run_path(run);
  return ask_and_show(session, request, [&session](const Json& body) { print_run(session, body); });
}

}  // namespace sequent::cli
