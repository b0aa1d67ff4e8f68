#include "cli/batch_progress.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sequent::cli {
namespace {

std::int64_t count_of(const Json& items, const char* name) {
  const auto found = items.find(name);
  return found != items.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

/// One digit behind the point, of what is at least 0.
std::string tenths(double value) {
  const auto whole = static_cast<std::int64_t>(std::llround(value * 10));
  return std::to_string(whole / 10) + "." + std::to_string(whole % 10);
}

constexpr std::array failures{"faulted", "parked", "refused", "changed"};

}  // namespace

std::int64_t settled_of(const Json& items) {
  std::int64_t settled = count_of(items, "succeeded");
  for (const char* name : failures) settled += count_of(items, name);
  return settled;
}

std::string outcome_text(const Json& items) {
  std::string text;
  const auto add = [&](const char* name, const char* word) {
    const auto count = count_of(items, name);
    if (count != 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + word;
  };
  add("succeeded", "succeeded");
  add("faulted", "faulted again");
  add("parked", "parked again");
  add("refused", "refused");
  add("changed", "changed meanwhile");
  add("acted", "under way");
  add("taken", "about to begin");
  add("pending", "not begun");
  return text.empty() ? "no runs" : text;
}

std::string BatchProgress::line(const Json& batch, Timestamp now) {
  const Json items = batch.value("items", Json::object());
  const auto total = count_of(items, "total");
  if (!batch.value("selected", false)) return "choosing runs: " + std::to_string(total) + " so far";
  const auto settled = settled_of(items);
  if (begun_with_ < 0) {
    begun_with_ = settled;
    begun_at_ = now;
  }
  constexpr std::int64_t width = 30;
  const auto filled = total == 0 ? width : settled * width / total;
  std::string line = "[" + std::string(static_cast<std::size_t>(filled), '#') +
                     std::string(static_cast<std::size_t>(width - filled), '-') + "] ";
  line += std::to_string(total == 0 ? 100 : settled * 100 / total) + "%  ";
  line += std::to_string(settled) + " of " + std::to_string(total);
  const auto passed = now - begun_at_;
  if (passed > 0 && settled > begun_with_) {
    const double per_ms = static_cast<double>(settled - begun_with_) / static_cast<double>(passed);
    line += "  " + tenths(per_ms * 1'000) + "/s";
    const auto left = static_cast<double>(total - settled) / per_ms;
    constexpr double longest = 1e12;
    if (settled < total && left < longest)
      line += "  " + format_duration(static_cast<DurationMs>(left)) + " left";
  }
  for (const char* name : failures)
    if (const auto count = count_of(items, name); count != 0)
      line += "  " + std::to_string(count) + " " + name;
  const bool runs = text_of(batch, "state") == "running";
  if (const auto wave = count_of(batch, "wave");
      runs && wave != 0 && count_of(items, "pending") != 0)
    line += "  (wave of " + std::to_string(wave) + ")";
  if (text_of(batch, "state") == "paused")
    line += text_of(batch, "detail").empty() ? "  (paused)" : "  (paused by itself)";
  return line;
}

}  // namespace sequent::cli
