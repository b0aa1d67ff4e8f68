#include "outbox/http_sink.hpp"

#include <atomic>
#include <boost/asio.hpp>
#include <charconv>

#include "base/assert.hpp"
#include "outbox/message.hpp"

namespace sequent::outbox {
namespace {

namespace asio = boost::asio;

DurationMs retry_after(const net::ClientResponse& response) {
  constexpr std::int64_t day_s = 86'400;
  const auto text = response.headers.value("Retry-After");
  std::int64_t seconds = 0;
  const char* last = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), last, seconds);
  if (error != std::errc{} || stop != last || seconds < 0) return 0;  // a date: ours will do
  return std::min(seconds, day_s) * 1'000;
}

class HttpSink final : public Sink {
 public:
  HttpSink(HttpSettings settings, net::HttpClient& client)
      : settings_(std::move(settings)), client_(client) {}

  Sent send(std::span<const runtime::EmittedEvent> events) override {
    Sent sent;
    for (const auto& event : events) {
      sent.failure = send_one(event.event);
      if (sent.failure) break;
      ++sent.events;
    }
    return sent;
  }

  std::optional<Failure> check() override {
    const auto result = exchange({.method = "OPTIONS", .url = settings_.url});
    if (!result) return Failure{result.error().message};
    return std::nullopt;  // any answer: what a receiver thinks of OPTIONS says nothing of events
  }

  void stop() override {
    stopping_ = true;
    asio::post(io_, [this] { cancel_.emit(asio::cancellation_type::all); });
  }

  std::string where() const override { return settings_.url; }

 private:
  std::optional<Failure> send_one(const Json& event) {
    auto message = message_of(event, settings_.mode);
    net::ClientRequest request{.method = "POST", .url = settings_.url};
    request.headers = std::move(message.headers);
    request.body = std::move(message.body);
    request.max_response_bytes = 1 << 20;
    if (settings_.token) {
      const auto token = settings_.token();
      if (!token) return Failure{"its token can't be read"};
      request.headers.set("Authorization", "Bearer " + *token);
    }
    const auto result = exchange(std::move(request));
    if (!result) return Failure{result.error().message};
    if (result->status >= 200 && result->status < 300) return std::nullopt;
    return Failure{"expected a status of 2xx for event " + text_of(event, "id") + ", got " +
                       std::to_string(result->status),
                   retry_after(*result)};
  }

  net::ClientResult exchange(net::ClientRequest request) {
    if (stopping_)
      return std::unexpected(net::TransportError{net::TransportError::Kind::cancelled, false,
                                                 "the publisher is stopping"});
    request.timeout_ms = settings_.timeout_ms;
    std::optional<net::ClientResult> result;
    auto done = [&result](std::exception_ptr thrown, net::ClientResult came) {
      if (thrown) std::rethrow_exception(thrown);
      result = std::move(came);
    };
    io_.restart();
    asio::co_spawn(io_, client_.send(std::move(request)),
                   asio::bind_cancellation_slot(cancel_.slot(), std::move(done)));
    io_.run();  // the request has a time limit
    SEQUENT_ASSERT(result.has_value());
    return *std::move(result);
  }

  HttpSettings settings_;
  net::HttpClient& client_;
  asio::io_context io_{1};
  asio::cancellation_signal cancel_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace

std::unique_ptr<Sink> http_sink(HttpSettings settings, net::HttpClient& client) {
  return std::make_unique<HttpSink>(std::move(settings), client);
}

}  // namespace sequent::outbox
