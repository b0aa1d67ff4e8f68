// Figures in Prometheus' text format, version 0.0.4.
#include <array>

#include "api/resources.hpp"
#include "api/routes.hpp"

namespace sequent::api {
namespace {

std::string number(double value) {
  std::array<char, 40> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.6g", value);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string label(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

class Page {
 public:
  void metric(const std::string& name, const char* type, const char* help) {
    text += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void counter(const std::string& name, const char* help, std::uint64_t value) {
    metric(name, "counter", help);
    text += name + " " + std::to_string(value) + "\n";
  }
  void gauge(const std::string& name, const char* help, double value) {
    metric(name, "gauge", help);
    text += name + " " + number(value) + "\n";
  }

  std::string text;
};

void add_engine(Page& page, const runtime::Engine& engine) {
  const auto s = engine.stats();
  page.counter("sequent_commits_total", "Commits of the store", s.commits);
  page.counter("sequent_committed_records_total", "Journal records that are durable",
               s.committed_records);
  page.counter("sequent_committed_changes_total", "Checkpoints of runs", s.committed_changes);
  page.metric("sequent_runs_total", "counter", "Runs by what became of them");
  const std::array<std::pair<const char*, std::uint64_t>, 5> runs{{{"started", s.started},
                                                                   {"completed", s.completed},
                                                                   {"faulted", s.faulted},
                                                                   {"cancelled", s.cancelled},
                                                                   {"parked", s.parked}}};
  for (const auto& [what, count] : runs)
    page.text +=
        "sequent_runs_total{event=\"" + std::string(what) + "\"} " + std::to_string(count) + "\n";
  page.counter("sequent_activities_started_total", "Attempts of activities", s.activities_started);
  page.counter("sequent_activities_failed_total", "Attempts that failed", s.activities_failed);
  page.counter("sequent_activity_retries_total", "Attempts after the first", s.activity_retries);
  page.counter("sequent_events_total", "Events that came in", s.events);
  page.counter("sequent_timers_total", "Timers that fired", s.timers);
  page.counter("sequent_loads_total", "Runs loaded into memory", s.loads);
  page.counter("sequent_evictions_total", "Runs that left memory", s.evictions);
  page.counter("sequent_store_failures_total", "Failures of the store", s.store_failures);
  page.gauge("sequent_resident_runs", "Runs in memory", static_cast<double>(s.resident));
  page.gauge("sequent_activities_in_flight", "Calls under way", static_cast<double>(s.in_flight));
  page.gauge("sequent_queued_changes", "Changes that wait for a commit",
             static_cast<double>(s.queued));
  page.gauge("sequent_partitions", "Partitions that this node owns",
             static_cast<double>(s.partitions));
  page.gauge("sequent_last_commit_seconds", "Duration of the last commit",
             s.last_commit_ms / 1'000);
  page.gauge("sequent_mean_commit_seconds", "Mean duration of commits", s.mean_commit_ms / 1'000);
  page.counter("sequent_calls_held_back_total", "Calls parked because of their provider",
               s.outages.held_back);
  page.counter("sequent_calls_let_go_total", "Parked calls that were let go", s.outages.let_go);
  page.counter("sequent_canaries_total", "Calls let go to probe a provider", s.outages.canaries);
  page.counter("sequent_circuits_opened_total", "Times a provider was found out of order",
               s.outages.opened);
  page.counter("sequent_calls_throttled_total", "Calls that a provider refused as too many",
               s.outages.throttled);
  page.counter("sequent_provider_syncs_total", "Exchanges of providers' health with the store",
               s.outages.syncs);
  page.gauge("sequent_ready", "1 while the node takes work",
             engine.health() == runtime::Health::ready ? 1 : 0);
}

void add_providers(Page& page, const std::vector<runtime::ProviderView>& views) {
  const auto each = [&](const char* name, const char* help, auto value) {
    if (views.empty()) return;
    page.metric(name, "gauge", help);
    for (const auto& view : views)
      page.text += std::string(name) + "{provider=\"" + label(view.id.provider) + "\",account=\"" +
                   label(view.id.account) + "\",class=\"" + label(view.id.operation_class) +
                   "\"} " + number(value(view)) + "\n";
  };
  using View = runtime::ProviderView;
  each("sequent_provider_open", "1 open, 0.5 half-open, 0 closed",
       [](const View& view) { return static_cast<double>(view.circuit.position) / 2; });
  each("sequent_provider_parked", "Calls that wait for the provider",
       [](const View& view) { return static_cast<double>(view.parked); });
  each("sequent_provider_at_risk", "Of these, those whose deadline is within the hour",
       [](const View& view) { return static_cast<double>(view.at_risk); });
  each("sequent_provider_in_flight", "Calls of this node under way",
       [](const View& view) { return static_cast<double>(view.in_flight); });
  each("sequent_provider_error_rate", "Share of failed calls in the window",
       [](const View& view) { return view.rates.error_rate; });
  each("sequent_provider_latency_seconds", "Mean time to the answer in the window, 0 without one",
       [](const View& view) { return view.rates.mean_latency_ms / 1'000; });
}

std::string operation_of(std::size_t index) {
  if (index < routes().size()) return std::string(routes()[index].operation);
  return index == routes().size() ? "boundRoute" : "noRoute";
}

void add_http(Page& page, const std::vector<RouteCounters>& counters) {
  page.metric("sequent_http_requests_total", "counter", "Requests by operation and status class");
  for (std::size_t i = 0; i < counters.size(); ++i)
    for (std::size_t status = 0; status < counters[i].answers.size(); ++status) {
      const auto count = counters[i].answers[status].load();
      if (count == 0) continue;
      page.text += "sequent_http_requests_total{operation=\"" + operation_of(i) + "\",status=\"" +
                   std::to_string(status + 1) + "xx\"} " + std::to_string(count) + "\n";
    }
  page.metric("sequent_http_request_seconds_total", "counter",
              "Time from request to answer, waits included");
  for (std::size_t i = 0; i < counters.size(); ++i) {
    const auto spent = counters[i].microseconds.load();
    if (spent == 0) continue;
    page.text += "sequent_http_request_seconds_total{operation=\"" + operation_of(i) + "\"} " +
                 number(static_cast<double>(spent) / 1e6) + "\n";
  }
}

}  // namespace

asio::awaitable<Answer> show_metrics(Context& context, const Call&) {
  Page page;
  add_engine(page, context.ports.engine);
  // While the store is down the rest is worth reading all the more.
  if (context.ports.engine.health() == runtime::Health::ready) {
    auto looking = context.ports.engine.providers();
    const auto views = co_await std::move(looking);
    if (views) add_providers(page, *views);
  }
  add_http(page, context.counters);
  if (context.config.more_metrics) page.text += context.config.more_metrics();
  co_return text_answer(200, "text/plain; version=0.0.4; charset=utf-8", std::move(page.text));
}

}  // namespace sequent::api
