#include "outbox/publishing.hpp"

#include <algorithm>

#include "engine/runtime/system_clock.hpp"
#include "outbox/http_sink.hpp"
#include "outbox/redis_sink.hpp"

namespace sequent::outbox {

std::unique_ptr<Sink> make_sink(const SinkSettings& settings, net::HttpClient& client) {
  if (const auto* http = std::get_if<HttpSettings>(&settings.target))
    return http_sink(*http, client);
  return redis_sink(std::get<RedisSettings>(settings.target));
}

Publishing::Publishing(const std::vector<SinkSettings>& sinks, net::HttpClient& client,
                       runtime::Outbox& log, const runtime::Clock& clock,
                       std::function<std::optional<Epoch>()> leadership)
    : log_(log), clock_(clock) {
  for (const auto& sink : sinks) {
    PublisherOptions options;
    options.name = sink.name;
    options.types = sink.types;
    options.from_now = sink.from_now;
    options.leadership = leadership;
    publishers_.push_back(
        std::make_unique<Publisher>(std::move(options), make_sink(sink, client), log, clock,
                                    runtime::seeded_random(runtime::system_seed())));
  }
}

Publishing::~Publishing() {
  stop();
}

void Publishing::start() {
  if (publishers_.empty()) return;  // nobody to wake
  started_ = true;
  log_.when_emitted([this] { wake(); });
  for (const auto& publisher : publishers_) publisher->start();
}

void Publishing::wake() {
  for (const auto& publisher : publishers_) publisher->wake();
}

void Publishing::stop() {
  if (!started_) return;
  started_ = false;
  log_.when_emitted(nullptr);
  for (const auto& publisher : publishers_) publisher->stop();
}

std::string Publishing::metrics() const {
  if (publishers_.empty()) return {};
  const auto now = clock_.now();
  std::string text;
  const auto family = [&](const std::string& name, const char* type, const char* help,
                          auto value_of) {
    text += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
    for (const auto& publisher : publishers_)
      text +=
          name + "{sink=\"" + publisher->name() + "\"} " + value_of(publisher->figures()) + "\n";
  };
  family("sequent_outbox_published_total", "counter", "Emitted events that a sink has taken",
         [](const Figures& figures) { return std::to_string(figures.published); });
  family("sequent_outbox_failures_total", "counter", "Failed tries to publish",
         [](const Figures& figures) { return std::to_string(figures.failures); });
  family("sequent_outbox_pending_events", "gauge",
         "Emitted events that are not published; counted up to 10000",
         [](const Figures& figures) { return std::to_string(figures.behind); });
  family("sequent_outbox_lag_seconds", "gauge", "Age of the oldest event that is not published",
         [now](const Figures& figures) {
           if (figures.oldest_pending == 0) return std::string("0");
           const auto age_ms = std::max<DurationMs>(now - figures.oldest_pending, 0);
           return std::to_string(static_cast<double>(age_ms) / 1'000);
         });
  return text;
}

Result<Publisher*> Publishing::publisher_of(const std::string& sink) const {
  std::string names;
  for (const auto& one : publishers_) {
    if (one->name() == sink) return one.get();
    names += (names.empty() ? "" : ", ") + one->name();
  }
  return fail(ErrorCode::not_found, "There is no sink \"" + sink + "\" in the configuration (" +
                                        (names.empty() ? "there is none at all" : names) + ").");
}

std::vector<runtime::SinkStatus> Publishing::list() {
  std::vector<runtime::SinkStatus> all;
  for (const auto& publisher : publishers_) all.push_back(publisher->status());
  return all;
}

Result<runtime::SinkStatus> Publishing::find(const std::string& sink) {
  const auto publisher = publisher_of(sink);
  if (!publisher) return std::unexpected(publisher.error());
  return (*publisher)->status();
}

Result<void> Publishing::retry(const std::string& sink) {
  const auto publisher = publisher_of(sink);
  if (!publisher) return std::unexpected(publisher.error());
  return (*publisher)->retry();
}

Result<void> Publishing::skip(const std::string& sink, std::int64_t event) {
  const auto publisher = publisher_of(sink);
  if (!publisher) return std::unexpected(publisher.error());
  return (*publisher)->skip(event);
}

}  // namespace sequent::outbox
