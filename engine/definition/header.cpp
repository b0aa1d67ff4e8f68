// `document` and `schedule`.
#include "engine/definition/compiler.hpp"
#include "engine/definition/cron.hpp"

namespace sequent::definition {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The dot-separated parts behind `-` or `+` of a semantic version.
bool are_identifiers(std::string_view text, bool numbers_without_zero) {
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t dot = std::min(text.find('.', at), text.size());
    const std::string_view part = text.substr(at, dot - at);
    if (part.empty()) return false;
    if (!std::all_of(part.begin(), part.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-'; }))
      return false;
    const bool number = std::all_of(part.begin(), part.end(), is_digit);
    if (numbers_without_zero && number && part.size() > 1 && part[0] == '0') return false;
    at = dot + 1;
  }
  return true;
}

void read_dsl(Compiler& compiler, const Value& value) {
  const auto text = read_text(compiler.report, value, "the version of the language");
  if (!text) return;
  if (is_semantic_version(*text) && text->starts_with("1.0.")) return;
  compiler.report.mistyped(value, "version 1.0.x of the language",
                           "this engine runs Serverless Workflow DSL 1.0: write 1.0.3");
}

std::string read_label(Compiler& compiler, const Value& value, std::string_view what) {
  const auto text = read_text(compiler.report, value, what);
  if (!text) return {};
  if (!is_host_label(*text)) {
    compiler.report.mistyped(value, std::string{what} +
                                        " of letters, digits and inner hyphens, "
                                        "at most 63");
  }
  return *text;
}

void read_cron(Compiler& compiler, const Value& value) {
  const auto text = read_text(compiler.report, value, "a cron expression");
  if (!text) return;
  const auto cron = Cron::parse(*text);
  if (!cron) {
    compiler.report.at_value(value.pointer, "no cron expression: " + cron.error().detail,
                             "`0 0 * * *` is every midnight, UTC");
    return;
  }
  if (!cron->next_after(0)) {
    compiler.report.at_value(value.pointer,
                             "the cron expression `" + *text + "` never comes round");
    return;
  }
  compiler.program.schedule.cron = *text;
}

std::optional<Duration> read_interval(Compiler& compiler, const Value& value) {
  const Variables none = std::make_shared<const std::vector<std::string>>();
  auto out = read_duration(compiler, value, "a duration", none);
  if (!out) return out;
  if (out->expression) {
    compiler.report.mistyped(value, "a fixed duration",
                             "there is no run yet whose data an expression could read");
  } else if (out->fixed_ms < 1'000) {
    compiler.report.at_value(value.pointer, "expected an interval of at least one second, got " +
                                                format_duration(out->fixed_ms));
  }
  return out;
}

}  // namespace

bool is_host_label(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  return is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_semantic_version(std::string_view text) {
  if (text.size() > 256) return false;
  const std::size_t plus = text.find('+');
  if (plus != std::string_view::npos && !are_identifiers(text.substr(plus + 1), false))
    return false;
  text = text.substr(0, plus);
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos && !are_identifiers(text.substr(dash + 1), true)) return false;
  text = text.substr(0, dash);
  return std::count(text.begin(), text.end(), '.') == 2 && are_identifiers(text, true) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

void read_header(Compiler& compiler, const Value& value) {
  Program& program = compiler.program;
  Fields fields{compiler.report, value, "`document`"};
  if (const auto dsl = fields.require("dsl", "the version of the language, such as 1.0.3"))
    read_dsl(compiler, *dsl);
  if (const auto given = fields.require("namespace", "the namespace of the workflow"))
    program.ref.workflow_namespace = read_label(compiler, *given, "a namespace");
  if (const auto given = fields.require("name", "the name of the workflow"))
    program.ref.name = read_label(compiler, *given, "a name");
  if (const auto given = fields.require("version", "the version of the workflow, such as 1.0.0")) {
    if (const auto text = read_text(compiler.report, *given, "a semantic version")) {
      if (!is_semantic_version(*text))
        compiler.report.mistyped(*given, "a semantic version", "write three numbers: 1.0.0");
      program.ref.version = *text;
    }
  }
  if (const auto title = fields.get("title"))
    program.title = read_text(compiler.report, *title, "a title").value_or("");
  if (const auto summary = fields.get("summary"))
    program.summary = read_text(compiler.report, *summary, "a summary").value_or("");
  if (const auto tags = fields.get("tags")) (void)is_object(compiler.report, *tags, "tags");
  if (const auto metadata = fields.get("metadata")) read_metadata(compiler, *metadata);
  fields.finish();
}

void read_schedule(Compiler& compiler, const Value& value) {
  Schedule& schedule = compiler.program.schedule;
  Fields fields{compiler.report, value, "a schedule"};
  if (const auto every = fields.get("every")) schedule.every = read_interval(compiler, *every);
  if (const auto cron = fields.get("cron")) read_cron(compiler, *cron);
  if (const auto after = fields.get("after")) schedule.after = read_interval(compiler, *after);
  if (const auto on = fields.get("on")) {
    const Variables none = std::make_shared<const std::vector<std::string>>();
    schedule.on = read_strategy(compiler, *on, "/schedule/on", none);
  }
  fields.finish();
  if (fields.usable() && value.json->empty()) {
    compiler.report.mistyped(value, "a schedule with every, cron, after or on",
                             "remove `schedule` when nothing starts the workflow by itself");
  }
}

}  // namespace sequent::definition
