#include "activities/aws/notification_poller.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio.hpp>

#include "activities/aws/client.hpp"
#include "activities/aws/notification.hpp"

namespace sequent::activities::aws {

namespace asio = boost::asio;

namespace {

constexpr int messages_at_once = 10;
constexpr DurationMs first_pause_ms = 1'000;
constexpr DurationMs last_patience_ms = 2'000;
constexpr DurationMs longest_pause_ms = 60'000;
constexpr auto token = asio::as_tuple(asio::use_awaitable);

}  // namespace

struct NotificationPoller::Impl : std::enable_shared_from_this<Impl> {
  Impl(AwsConfig config, net::HttpClient& http, const runtime::Clock& time, Keep keep_with,
       asio::any_io_executor from)
      : client(std::move(config), http),
        clock(time),
        keep(std::move(keep_with)),
        executor(std::move(from)),
        pause(executor),
        ended(executor, asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> run();
  asio::awaitable<bool> poll();
  asio::awaitable<bool> settle(Json message);
  [[nodiscard]] Call call_of(std::string operation, Json body, DurationMs timeout_ms) const;

  Client client;
  const runtime::Clock& clock;
  Keep keep;
  asio::any_io_executor executor;
  asio::cancellation_signal cancel;
  asio::steady_timer pause;
  asio::steady_timer ended;  // cancelled once the loop has ended
  bool running = false;
  bool stopping = false;
};

Call NotificationPoller::Impl::call_of(std::string operation, Json body,
                                       DurationMs timeout_ms) const {
  Call call;
  call.service = Service::sqs;
  call.operation = std::move(operation);
  call.body = std::move(body);
  call.body["QueueUrl"] = client.config().notifications.queue_url;
  call.timeout_ms = timeout_ms;
  call.now = clock.now();
  return call;
}

asio::awaitable<void> NotificationPoller::Impl::run() {
  // A cancelled wait ends by itself; the flag ends the loop.
  co_await asio::this_coro::throw_if_cancelled(false);
  DurationMs wait_ms = first_pause_ms;
  while (!stopping) {
    auto polling = poll();
    const bool good = co_await std::move(polling);
    if (good) wait_ms = first_pause_ms;
    if (good || stopping) continue;
    pause.expires_after(std::chrono::milliseconds(wait_ms));
    co_await pause.async_wait(token);
    wait_ms = std::min(2 * wait_ms, longest_pause_ms);
  }
}

// False: something went wrong, and will again if nothing changes.
asio::awaitable<bool> NotificationPoller::Impl::poll() {
  const auto& settings = client.config().notifications;
  Json body = Json::object();
  body["MaxNumberOfMessages"] = messages_at_once;
  body["WaitTimeSeconds"] = settings.wait_seconds;
  body["VisibilityTimeout"] = settings.visibility_seconds;
  body["MessageSystemAttributeNames"] = Json::array({"SentTimestamp"});
  const DurationMs patience = client.config().timeout_ms + settings.wait_seconds * 1'000LL;
  Call call = call_of("ReceiveMessage", std::move(body), patience);
  const auto answer = co_await client.send(std::move(call));
  if (!answer) {
    if (!stopping)
      spdlog::warn("notifications of AWS Marketplace: {}", answer.error().problem.detail);
    co_return false;
  }
  bool good = true;
  const Json messages = answer->value("Messages", Json::array());
  for (const auto& message : messages) {
    if (stopping) break;  // the others come back
    auto settling = settle(message);
    const bool settled = co_await std::move(settling);
    good = good && settled;
  }
  co_return good;
}

asio::awaitable<bool> NotificationPoller::Impl::settle(Json message) {
  const std::string id = text_of(message, "MessageId");
  auto event = event_of_message(message);
  if (!event) {
    spdlog::warn("notifications of AWS Marketplace: message {} stays in the queue: {}", id,
                 event.error().detail);
    co_return true;  // nothing that a pause would mend
  }
  auto keeping = keep(*std::move(event));
  const Result<void> kept = co_await std::move(keeping);
  if (!kept) {
    spdlog::warn("notifications of AWS Marketplace: message {} could not be kept: {}", id,
                 kept.error().detail);
    co_return false;
  }
  // Who stops does not wait for long: a message that stays comes back, and is known.
  const DurationMs patience = stopping ? last_patience_ms : client.config().timeout_ms;
  Json body = Json::object();
  body["ReceiptHandle"] = text_of(message, "ReceiptHandle");
  Call call = call_of("DeleteMessage", std::move(body), patience);
  const auto deleted = co_await client.send(std::move(call));
  if (!deleted)
    spdlog::warn("notifications of AWS Marketplace: message {} is kept but not deleted: {}", id,
                 deleted.error().problem.detail);
  co_return deleted.has_value();
}

NotificationPoller::NotificationPoller(AwsConfig config, net::HttpClient& http,
                                       const runtime::Clock& clock, Keep keep,
                                       asio::any_io_executor executor)
    : impl_(std::make_shared<Impl>(std::move(config), http, clock, std::move(keep),
                                   std::move(executor))) {}

NotificationPoller::~NotificationPoller() = default;

void NotificationPoller::start() {
  impl_->running = true;
  auto done = [impl = impl_](const std::exception_ptr& thrown) {
    if (thrown) spdlog::critical("notifications of AWS Marketplace: ended by an exception");
    impl->running = false;
    impl->ended.cancel();
  };
  asio::co_spawn(impl_->executor, impl_->run(),
                 asio::bind_cancellation_slot(impl_->cancel.slot(), std::move(done)));
}

asio::awaitable<bool> NotificationPoller::poll() {
  const auto impl = impl_;  // outlives this poller where the caller's event loop does
  auto polling = impl->poll();
  const bool good = co_await std::move(polling);
  co_return good;
}

asio::awaitable<void> NotificationPoller::stop() {
  const auto impl = impl_;
  impl->stopping = true;
  impl->cancel.emit(asio::cancellation_type::all);
  while (impl->running) co_await impl->ended.async_wait(token);
}

}  // namespace sequent::activities::aws
