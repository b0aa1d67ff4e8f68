#pragma once
// Reads the queue of AWS Marketplace's notifications: a message is deleted once its event is in the
// inbox, and not before. What is lost in between comes back, and is known by its id.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>

#include "activities/providers.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "engine/runtime/clock.hpp"
#include "net/http_client.hpp"

namespace sequent::activities::aws {

/// threads  start() and stop() on `executor`, which runs one thing at a time (a strand)
class NotificationPoller {
 public:
  /// Keeps an event; on return it is durable.
  using Keep = std::function<boost::asio::awaitable<Result<void>>(Json event)>;

  /// `http` and `clock` outlive it.
  NotificationPoller(AwsConfig config, net::HttpClient& http, const runtime::Clock& clock,
                     Keep keep, boost::asio::any_io_executor executor);
  ~NotificationPoller();

  /// Polls until it is stopped. After a failure it waits, longer each time, up to a minute. A
  /// message that it can't read stays in the queue, for a redrive policy to set aside.
  void start();
  /// Reads the queue once, for who has a clock of its own; false: something went wrong, and will
  /// again if nothing changes. On any executor, one call at a time.
  boost::asio::awaitable<bool> poll();
  /// Breaks a long poll off and waits for the end of what is being kept.
  boost::asio::awaitable<void> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sequent::activities::aws
