#pragma once
// The world outside of the engine: the providers' stand-ins without sockets. They outlive every
// crash of the engine.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "activities/providers.hpp"
#include "base/json.hpp"
#include "crashtest/virtual_time.hpp"
#include "net/http_client.hpp"
#include "sandbox/stand_in.hpp"

namespace sequent::crashtest {

/// What goes wrong with one of the engine's calls.
struct CallFault {
  std::size_t at = 0;  // number of the call, from 1; 0 = none
  Json fault;          // as POST /_sandbox/faults takes it
};

/// threads  one
class Outside {
 public:
  Outside(const VirtualClock& clock, std::uint64_t seed, CallFault fault);

  /// Names of all stand-ins of this build.
  [[nodiscard]] static std::vector<std::string> names();
  /// Addresses and credentials that make the activities talk to the stand-ins.
  [[nodiscard]] static activities::ProviderConfig providers();
  [[nodiscard]] static std::string webhook_secret();

  /// The network of one engine: its calls are counted and may be hit by the fault. Nothing leaves
  /// or comes back once `open` is false.
  [[nodiscard]] net::Exchange network(std::shared_ptr<const bool> open,
                                      std::shared_ptr<Agenda> agenda);
  /// A request of the scenario or of the observer: never counted, never hit by a fault.
  [[nodiscard]] net::ServerResponse ask(const std::string& stand_in,
                                        const net::ServerRequest& request);

  struct Webhook {
    std::string stand_in;
    sandbox::WebhookSend send;
  };
  [[nodiscard]] std::vector<Webhook> webhooks_due();
  void webhook_answered(const Webhook& webhook, int status);
  [[nodiscard]] std::optional<Timestamp> next_due() const;
  /// When the queue of AWS Marketplace has a message to receive; nothing while it is empty.
  [[nodiscard]] std::optional<Timestamp> next_notification() const;

  /// "POST /v1/customers", in the order in which the engine made them.
  [[nodiscard]] const std::vector<std::string>& calls() const { return calls_; }
  [[nodiscard]] bool fault_happened() const { return fault_.at > 0 && calls_.size() >= fault_.at; }

 private:
  using Done = std::function<void(net::ClientResult)>;
  void take(net::ClientRequest request, boost::asio::any_io_executor executor, Done done,
            const std::shared_ptr<const bool>& open, Agenda& agenda);
  [[nodiscard]] sandbox::Reply answer(sandbox::StandIn& stand_in,
                                      const net::ServerRequest& request);

  const VirtualClock& clock_;
  CallFault fault_;
  std::map<std::string, std::unique_ptr<sandbox::StandIn>> stand_ins_;
  std::vector<std::string> calls_;
};

/// "http://host/path?query" -> host, path and query.
struct UrlParts {
  std::string host, path, query;
};
[[nodiscard]] UrlParts split_url(const std::string& url);

}  // namespace sequent::crashtest
