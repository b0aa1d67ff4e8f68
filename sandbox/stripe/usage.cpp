// What reported usage adds up to.
#include <algorithm>
#include <charconv>
#include <map>

#include "base/assert.hpp"
#include "base/digest.hpp"
#include "sandbox/stripe/usage.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::size_t max_digits = 15;
constexpr std::int64_t parts_of_one = 1'000'000'000'000'000;  // 10^max_digits

/// A decimal number without rounding; both members have the same sign, or one of them is 0.
struct Amount {
  std::int64_t whole = 0;
  std::int64_t parts = 0;

  void add(const Amount& other) {
    SEQUENT_ASSERT(parts > -parts_of_one && parts < parts_of_one);
    whole += other.whole;
    parts += other.parts;
    whole += parts / parts_of_one;
    parts %= parts_of_one;
    if (whole > 0 && parts < 0) {
      --whole;
      parts += parts_of_one;
    } else if (whole < 0 && parts > 0) {
      ++whole;
      parts -= parts_of_one;
    }
  }
  [[nodiscard]] Json to_json() const {
    if (parts == 0) return whole;
    const auto digits = std::to_string(std::abs(parts));
    const bool negative = whole < 0 || parts < 0;
    const auto text = (negative ? "-" : "") + std::to_string(std::abs(whole)) + "." +
                      std::string(max_digits - digits.size(), '0') + digits;
    return std::stod(text);
  }
};

// Only of what wrong_usage_value() has let through.
Amount amount_of_text(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto dot = std::min(text.find('.'), text.size());
  Amount amount;
  for (const char c : text.substr(0, dot)) amount.whole = amount.whole * 10 + (c - '0');
  std::int64_t unit = parts_of_one;
  for (const char c : text.substr(std::min(dot + 1, text.size())))
    amount.parts += (c - '0') * (unit /= 10);
  if (negative) amount = {-amount.whole, -amount.parts};
  return amount;
}

/// Usage of one customer, or of a window of time.
struct Sum {
  Amount sum;
  std::int64_t events = 0;
  Amount last;
  std::int64_t last_at = 0;

  void add(const Json& event) {
    const auto at = event.at("timestamp").get<std::int64_t>();
    const auto value = amount_of_text(text_of(event, "_value"));
    sum.add(value);
    if (events == 0 || at >= last_at) {
      last = value;
      last_at = at;
    }
    ++events;
  }
  [[nodiscard]] Json value(const std::string& formula) const {
    if (formula == "count") return events;
    return (formula == "last" ? last : sum).to_json();
  }
};

std::string formula_of(const Json& meter) {
  return text_of(meter.at("default_aggregation"), "formula");
}

Answer<std::int64_t> bound_of(const Call& call, const std::string& name, std::int64_t step) {
  const auto at = call.params.at(name).get<std::int64_t>();
  if (at >= 0 && at % step == 0) return at;
  const std::string boundary = step == 60 ? "minute" : step == 3'600 ? "hour" : "day";
  return bad_parameter(
      "", name,
      name + " must be aligned with " + boundary + " boundaries, got " + std::to_string(at) + ".");
}

std::int64_t step_of(const std::string& window) {
  if (window == "hour") return 3'600;
  return window == "day" ? 86'400 : 60;
}

Json summary_of(const Call& call, const Json& meter, std::int64_t start, std::int64_t end,
                const Sum& sum) {
  const auto name = call.id + " " + text_of(call.params, "customer") + " " + std::to_string(start) +
                    " " + std::to_string(end);
  return {{"id", "mtrusg_" + sha256_hex(name).substr(0, 24)},
          {"object", "billing.meter_event_summary"},
          {"aggregated_value", sum.value(formula_of(meter))},
          {"start_time", start},
          {"end_time", end},
          {"livemode", false},
          {"meter", call.id}};
}

// By the window's start; without a window all of it is one.
std::map<std::int64_t, Sum> sums_of(const Call& call, std::int64_t start, std::int64_t end,
                                    const std::string& window) {
  std::map<std::int64_t, Sum> sums;
  const auto& events = call.scene.account.kinds["billing.meter_event"];
  for (const auto& key : events.order) {
    const Json& event = events.by_id.at(key);
    const auto at = event.at("timestamp").get<std::int64_t>();
    if (event.at("_state") != "counted" || event.at("_meter") != call.id ||
        event.at("_customer") != call.params.at("customer") || at < start || at >= end ||
        event.at("_received").get<Timestamp>() + usage_lag_ms > call.scene.now)
      continue;
    sums[window.empty() ? start : at - at % step_of(window)].add(event);
  }
  return sums;
}

Json usage_of_meter(const Account& account, const Json& meter) {
  Sum all;
  std::map<std::string, Sum> by_customer;
  std::int64_t rejected = 0;
  std::int64_t canceled = 0;
  const auto events = account.kinds.find("billing.meter_event");
  if (events != account.kinds.end())
    for (const auto& key : events->second.order) {
      const Json& event = events->second.by_id.at(key);
      if (event.at("_meter") != meter.at("id")) continue;
      if (event.at("_state") == "rejected") ++rejected;
      if (event.at("_state") == "canceled") ++canceled;
      if (event.at("_state") != "counted") continue;
      all.add(event);
      by_customer[text_of(event, "_customer")].add(event);
    }
  const auto formula = formula_of(meter);
  Json customers = Json::array();
  for (const auto& [customer, sum] : by_customer)
    customers.push_back(
        {{"customer", customer}, {"value", sum.value(formula)}, {"events", sum.events}});
  return {{"meter", meter.at("id")},      {"formula", formula},
          {"status", meter.at("status")}, {"value", all.value(formula)},
          {"events", all.events},         {"rejected", rejected},
          {"canceled", canceled},         {"customers", std::move(customers)}};
}

}  // namespace

std::string wrong_usage_value(const std::string& value) {
  std::string_view rest = value;
  if (rest.starts_with('-')) rest.remove_prefix(1);
  const auto dot = rest.find('.');
  const auto digits = [](std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const bool number = dot == std::string_view::npos
                          ? digits(rest)
                          : digits(rest.substr(0, dot)) && digits(rest.substr(dot + 1));
  if (!number) return "meter_event_invalid_value";
  const auto count = rest.size() - (dot == std::string_view::npos ? 0 : 1);
  return count > max_digits ? "meter_event_value_too_many_digits" : "";
}

Answer<Json> list_event_summaries(const Call& call) {
  const Json* meter = call.scene.account.find("billing.meter", call.id);
  if (meter == nullptr) return no_such("billing meter", call.id);
  const auto window = text_of(call.params, "value_grouping_window");
  const auto start = bound_of(call, "start_time", step_of(window));
  if (!start) return std::unexpected(start.error());
  const auto end = bound_of(call, "end_time", step_of(window));
  if (!end) return std::unexpected(end.error());
  if (*end <= *start)
    return bad_parameter("", "end_time", "end_time must be later than start_time.");
  const auto customer = text_of(call.params, "customer");
  if (call.scene.account.find("customer", customer) == nullptr)
    return no_such("customer", customer, "customer");
  const auto sums = sums_of(call, *start, *end, window);
  Json newest_first = Json::array();
  for (auto sum = sums.rbegin(); sum != sums.rend(); ++sum)
    newest_first.push_back(summary_of(call, *meter, sum->first,
                                      window.empty() ? *end : sum->first + step_of(window),
                                      sum->second));
  // What is left of the parameters only cuts the page: it filters nothing.
  Json paging = Json::object();
  for (const char* name : {"limit", "starting_after", "ending_before"})
    if (call.params.contains(name)) paging[name] = call.params.at(name);
  return list_within({call.scene, paging, call.id}, "billing.meter_event_summary", newest_first,
                     "/v1/billing/meters/" + call.id + "/event_summaries");
}

Json usage_of(const World& world) {
  Json usage = Json::object();
  for (const auto& [id, account] : world.accounts) {
    const auto meters = account.kinds.find("billing.meter");
    if (meters == account.kinds.end()) continue;
    for (const auto& entry : meters->second.by_id)
      usage[id.empty() ? "platform" : id][text_of(entry.second, "event_name")] =
          usage_of_meter(account, entry.second);
  }
  return usage;
}

}  // namespace sequent::sandbox::stripe
