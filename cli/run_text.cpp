#include "cli/run_text.hpp"

#include <algorithm>
#include <optional>

#include "net/http_message.hpp"

namespace sequent::cli {
namespace {

std::string words(const Json& json, const char* name) {
  return json.is_object() ? text_of(json, name) : std::string{};
}

std::optional<Timestamp> time_of(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  return parse_time(json.get_ref<const std::string&>());
}

Json member(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? Json(nullptr) : *found;
}

std::int64_t number_of(const Json& json, const char* name) {
  const auto number = member(json, name);
  return number.is_number_integer() ? number.get<std::int64_t>() : 0;
}

// What failed because the provider was down, or was refused with 429, is tried and not counted.
std::string attempts_text(const Json& waiting) {
  const auto attempt = number_of(waiting, "attempt"), tried = number_of(waiting, "tried");
  std::string text;
  if (attempt > 1 || tried > 1) text += ", attempt " + std::to_string(attempt);
  if (tried > attempt) text += ", tried " + std::to_string(tried) + " times";
  return text;
}

}  // namespace

std::string workflow_text(const Json& workflow) {
  if (!workflow.is_object()) return {};
  return words(workflow, "namespace") + "/" + words(workflow, "name") + ":" +
         words(workflow, "version");
}

std::string waiting_text(const Json& waiting, Timestamp now) {
  const auto kind = words(waiting, "kind");
  if (kind.empty()) return {};
  std::string text = kind;
  const auto until = time_of(member(waiting, "until"));
  const auto detail = words(waiting, "detail");
  const auto operation = words(waiting, "operation");
  const auto provider = words(waiting, "provider");
  if (kind == "timer" && until) {
    // Its detail is the time again, which follows as a distance from now.
  } else if (!detail.empty()) {
    text += ": " + detail;
  } else if (!operation.empty()) {
    text += ": " + operation;
  } else if (!provider.empty()) {
    text += ": " + provider;
  }
  const auto reason = words(waiting, "reason");
  if (!reason.empty() && detail.find(reason) == std::string::npos) text += " (" + reason + ")";
  text += attempts_text(waiting);
  if (until) text += *until > now ? ", in " + format_duration(*until - now) : ", due";
  return text;
}

std::string key_text(const Json& waiting, Timestamp now) {
  const auto born = time_of(member(waiting, "keyBornAt"));
  if (!born) return {};
  std::string text = format_duration(std::max<DurationMs>(0, now - *born)) + " old";
  if (number_of(waiting, "tried") == 0) return text + ", not sent yet";
  const auto provider = words(waiting, "provider");
  const auto forgotten = time_of(member(waiting, "keyForgottenAt"));
  const bool unknown = waiting.value("outcomeUnknown", false);
  if (!forgotten)
    text += ", " + provider + " keeps no keys";
  else if (*forgotten > now)
    text += ", " + provider + " forgets it in " + format_duration(*forgotten - now);
  else
    text += ", " + provider + " forgot it " + format_duration(now - *forgotten) + " ago";
  if (!unknown) return text + "; no attempt can have had its effect";
  text += "; an attempt may have had its effect";
  if (!forgotten || *forgotten <= now) text += ": that is looked for before it is sent again";
  return text;
}

std::string age_text(const Json& time, Timestamp now) {
  const auto at = time_of(time);
  if (!at) return {};
  return format_duration(std::max<DurationMs>(0, now - *at));
}

std::string time_text(const Json& time) {
  const auto at = time_of(time);
  if (!at) return {};
  std::string text = format_time(*at);  // "2026-11-21T08:15:30.250Z"
  text[10] = ' ';
  return text.substr(0, 19) + "Z";
}

std::string problem_text(const Json& problem) {
  if (!problem.is_object()) return {};
  std::string text = words(problem, "title");
  const auto status = member(problem, "status");
  if (status.is_number_integer()) text += " (" + dump_json(status) + ")";
  const auto detail = words(problem, "detail");
  if (!detail.empty()) text += (text.empty() ? "" : ": ") + detail;
  return text;
}

std::string run_path(const std::string& run, const std::string& rest) {
  return "/api/v1/runs/" + net::percent_encode(run) + rest;
}

}  // namespace sequent::cli
