// `providers list | open | close | limit | maintenance`: outages, as operators see and steer them.
#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

Style style_of_state(const std::string& state) {
  if (state == "open") return Style::bad;
  return state == "closed" ? Style::good : Style::warning;
}

std::string rate_text(const Json& provider) {
  const auto limit = provider.value("limit", Json::object());
  const auto adapted = limit.value("adaptedPerSecond", Json());
  const auto set = limit.value("perSecond", Json());
  const auto whole = [](const Json& rate) {
    return std::to_string(static_cast<std::int64_t>(rate.get<double>() + 0.5)) + "/s";
  };
  std::string text = set.is_number() ? whole(set) : std::string{};
  if (adapted.is_number()) text += (text.empty() ? "" : ", ") + whole(adapted) + " learnt";
  const auto at_once = limit.value("atOnce", Json());
  if (at_once.is_number()) text += (text.empty() ? "" : ", ") + dump_json(at_once) + " at once";
  return text.empty() ? "-" : text;
}

// Without calls in the window there is nothing to say.
std::string latency_text(const Json& window) {
  const auto calls = window.value("calls", Json(0));
  const auto mean = window.value("meanLatencyMs", Json());
  if (calls == 0 || !mean.is_number()) return "-";
  return std::to_string(static_cast<std::int64_t>(mean.get<double>() + 0.5)) + " ms";
}

std::string standing_text(const Json& provider, Timestamp now) {
  if (text_of(provider, "state") == "closed") {
    const auto drain = provider.value("drainPerSecond", Json());
    const bool drains = drain.is_number();
    return drains ? "draining, up to " +
                        std::to_string(static_cast<std::int64_t>(drain.get<double>() + 0.5)) + "/s"
                  : "-";
  }
  std::string text = text_of(provider, "reason");
  const auto next = provider.value("nextCanaryAt", Json());
  const auto at = next.is_string() ? parse_time(next.get<std::string>()) : std::nullopt;
  if (at)
    text += *at > now ? "; next canary in " + format_duration(*at - now) : "; next canary now";
  return text;
}

void print_providers(const Session& session, const Json& items) {
  const Timestamp now = session.clock.now();
  Table table{{"PROVIDER", "ACCOUNT", "CLASS", "STATE", "SINCE", "CALLS", "FAILED", "LATENCY",
               "PARKED", "AT RISK", "LIMIT", "STANDING"}};
  for (const auto& one : items) {
    const auto window = one.value("window", Json::object());
    const auto parked = one.value("parked", Json::object());
    const auto number = [](const Json& json, const char* name) {
      return dump_json(json.value(name, Json(0)));
    };
    const auto state = text_of(one, "state");
    const auto account = one.value("account", Json());
    const auto since = age_text(one.value("openedAt", Json()), now);
    table.add({{text_of(one, "provider"), Style::bold},
               {account.is_null() ? "*" : text_of(one, "account", "-"), Style::plain},
               {text_of(one, "class", "*"), Style::plain},
               {state, style_of_state(state)},
               {since.empty() ? "-" : since, Style::plain},
               {number(window, "calls"), Style::plain},
               {number(window, "failed"), Style::plain},
               {latency_text(window), Style::plain},
               {number(parked, "calls"), Style::plain},
               {number(parked, "atRisk"), Style::plain},
               {rate_text(one), Style::plain},
               {shortened(standing_text(one, now), 60), Style::plain}});
  }
  if (table.empty())
    session.terminal.out("No provider was called yet.");
  else
    table.print(session.terminal);
}

int ask_and_print(const Session& session, const Request& request) {
  return ask_and_show(session, request, [&session](const Json& page) {
    print_providers(session, page.value("items", Json::array()));
  });
}

/// "30m" from now, or a time. Empty stays empty.
Result<std::string> time_argument(const std::string& text, Timestamp now) {
  if (text.empty() || parse_time(text)) return text;
  std::string spelled = text;
  for (char& letter : spelled)
    letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  auto duration = parse_duration(spelled);
  if (!duration) duration = parse_duration("PT" + spelled);
  if (!duration) duration = parse_duration("P" + spelled);
  if (duration) return format_time(now + *duration);
  return fail(
      ErrorCode::invalid_request,
      "Expected 90s, 30m, 2h, PT1H30M or a time such as 2026-11-21T08:00:00Z, got `" + text + "`.");
}

}  // namespace

int run_providers_list(const Session& session) {
  Request request;
  request.path = "/api/v1/providers";
  return ask_and_print(session, request);
}

int run_provider_action(const Session& session, const ProviderOptions& options) {
  Request request;
  request.method = "POST";
  request.path = "/api/v1/providers/" + net::percent_encode(options.name) + ":" + options.verb;
  request.body = Json{{"reason", options.reason}};
  if (options.account) request.body["account"] = *options.account;
  if (!options.operation_class.empty()) request.body["class"] = options.operation_class;
  if (options.per_second) request.body["perSecond"] = *options.per_second;
  if (options.at_once) request.body["atOnce"] = *options.at_once;
  const Timestamp now = session.clock.now();  // one for all: a window is as long as it says
  const std::pair<const char*, const std::string*> times[] = {
      {"until", &options.until}, {"from", &options.from}, {"to", &options.to}};
  for (const auto& [name, text] : times) {
    const auto at = time_argument(*text, now);
    if (!at) {
      report(session, at.error());
      return wrong_use;
    }
    if (!at->empty()) request.body[name] = *at;
  }
  return ask_and_print(session, request);
}

}  // namespace sequent::cli
