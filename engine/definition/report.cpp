#include "engine/definition/report.hpp"

#include <tuple>

#include "engine/definition/compile.hpp"

namespace sequent::definition {
namespace {

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 60;
  std::string out;
  for (const char c : text.substr(0, most)) out += c == '\n' || c == '\r' ? ' ' : c;
  // A cut must not end inside a UTF-8 sequence.
  if (text.size() > most) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
    out += "…";
  }
  return out;
}

// Edits (insert, remove, replace, swap neighbours) between two names, without regard to case.
std::size_t distance(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) now[j] = std::min(now[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

Value Value::member(std::string_view name) const {
  const auto found = json->find(std::string{name});
  return {.json = &*found, .pointer = pointer + "/" + pointer_segment(name)};
}

Value Value::item(std::size_t index) const {
  return {.json = &(*json)[index], .pointer = pointer + "/" + std::to_string(index)};
}

void Report::at_value(std::string_view pointer, std::string message, std::string hint) {
  add(pointer, document_.at(pointer).value, std::move(message), std::move(hint));
}

void Report::at_key(std::string_view pointer, std::string message, std::string hint) {
  add(pointer, document_.at(pointer).key, std::move(message), std::move(hint));
}

void Report::inside(std::string_view pointer, std::size_t offset, std::string message,
                    std::string hint) {
  add(pointer, document_.inside_scalar(pointer, offset), std::move(message), std::move(hint));
}

void Report::mistyped(const Value& value, std::string_view expectation, std::string hint) {
  at_value(value.pointer, "expected " + std::string{expectation} + ", got " + describe(*value.json),
           std::move(hint));
}

void Report::add(std::string_view pointer, Place place, std::string message, std::string hint) {
  add(Finding{.message = std::move(message),
              .pointer = std::string{pointer},
              .line = place.line,
              .column = place.column,
              .hint = std::move(hint)});
}

void Report::add(Finding finding) {
  finding.file = file_;
  findings_.push_back(std::move(finding));
}

std::vector<Finding> Report::take() {
  const auto order = [](const Finding& a, const Finding& b) {
    return std::tie(a.line, a.column, a.pointer, a.message) <
           std::tie(b.line, b.column, b.pointer, b.message);
  };
  const auto same = [](const Finding& a, const Finding& b) {
    return a.line == b.line && a.column == b.column && a.message == b.message;
  };
  std::stable_sort(findings_.begin(), findings_.end(), order);
  // A function is read once for each of its calls: its mistakes are told once.
  findings_.erase(std::unique(findings_.begin(), findings_.end(), same), findings_.end());
  if (findings_.size() > most_findings) {
    const std::size_t more = findings_.size() - most_findings;
    findings_.resize(most_findings);
    findings_.push_back(
        Finding{.message = "and " + std::to_string(more) + " more mistakes", .file = file_});
  }
  // Columns were bytes until here.
  for (Finding& finding : findings_) {
    const std::string_view line = document_.line(finding.line);
    const auto bytes = static_cast<std::size_t>(std::max(finding.column - 1, 0));
    for (const char c : line.substr(0, std::min(bytes, line.size())))
      if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) --finding.column;
  }
  return std::move(findings_);
}

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "nothing (null)";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "text `" + shortened(value.get_ref<const std::string&>()) + "`";
    case Json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return "number " + dump_json(value);
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return "no JSON value";
}

std::optional<std::string> closest(std::string_view name, std::span<const std::string> candidates) {
  constexpr std::size_t longest = 100;  // the distance costs the product of both lengths
  if (name.empty() || name.size() > longest) return std::nullopt;
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > longest) continue;
    const std::size_t d = distance(name, candidate);
    if (d >= best_distance) continue;
    best_distance = d;
    best = candidate;
  }
  return best;
}

std::string suggestion(std::string_view name, std::span<const std::string> candidates,
                       std::string_view otherwise) {
  if (const auto best = closest(name, candidates)) return "did you mean `" + *best + "`?";
  constexpr std::size_t few = 12;
  if (candidates.empty() || candidates.size() > few) return std::string{otherwise};
  std::string out = "known here: ";
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (i > 0) out += ", ";
    out += candidates[i];
  }
  return out;
}

std::string format_findings(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) {
    out += finding.file.empty() ? "definition" : finding.file;
    if (finding.line > 0)
      out += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
    out += ": error: " + finding.message;
    if (!finding.hint.empty()) out += "; " + finding.hint;
    if (!finding.pointer.empty()) out += " (at " + finding.pointer + ")";
    out += "\n";
  }
  return out;
}

}  // namespace sequent::definition
