#pragma once
// All sinks of a node.
#include <memory>
#include <string>
#include <vector>

#include "net/http_client.hpp"
#include "outbox/publisher.hpp"
#include "outbox/settings.hpp"

namespace sequent::outbox {

[[nodiscard]] std::unique_ptr<Sink> make_sink(const SinkSettings& settings,
                                              net::HttpClient& client);

/// threads  start() and stop() from one; the others from any
class Publishing final : public runtime::Sinks {
 public:
  /// Everything outlives it.
  Publishing(const std::vector<SinkSettings>& sinks, net::HttpClient& client, runtime::Outbox& log,
             const runtime::Clock& clock, std::function<std::optional<Epoch>()> leadership = {});
  ~Publishing() override;
  Publishing(const Publishing&) = delete;
  Publishing& operator=(const Publishing&) = delete;

  void start();
  /// This node begins to publish.
  void wake();
  /// Blocks for as long as a sink needs to break its request off.
  void stop();

  /// In Prometheus' text format; "" without sinks.
  [[nodiscard]] std::string metrics() const;

  // Sinks
  [[nodiscard]] std::vector<runtime::SinkStatus> list() override;
  [[nodiscard]] Result<runtime::SinkStatus> find(const std::string& sink) override;
  [[nodiscard]] Result<void> retry(const std::string& sink) override;
  [[nodiscard]] Result<void> skip(const std::string& sink, std::int64_t event) override;

 private:
  [[nodiscard]] Result<Publisher*> publisher_of(const std::string& sink) const;

  runtime::Outbox& log_;
  const runtime::Clock& clock_;
  std::vector<std::unique_ptr<Publisher>> publishers_;
  bool started_ = false;
};

}  // namespace sequent::outbox
