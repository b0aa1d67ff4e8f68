#pragma once
// One thread that drives libcurl: epoll over its sockets, an eventfd for our own messages.
// A wake-up costs what the sockets that woke it cost, however many transfers are in flight.
#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "net/transfer.hpp"

namespace sequent::net {

class CurlLoop {
 public:
  explicit CurlLoop(ClientLimits limits);
  ~CurlLoop();  // every transfer that is still open ends as cancelled
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  /// threads  any; `done` is posted to the transfer's executor, once
  void start(std::unique_ptr<Transfer> transfer);
  /// threads  any; nothing happens when the transfer has ended
  void cancel(std::uint64_t id);
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.load(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Cancel {
    std::uint64_t id;
  };
  using Message = std::variant<std::unique_ptr<Transfer>, Cancel>;

  static int on_socket(CURL*, curl_socket_t socket, int what, void* user, void* known);
  static int on_timer(CURLM*, long timeout_ms, void* user);

  void post(Message message);
  void run();
  void wait_for_events();
  [[nodiscard]] int wait_ms() const;
  void take_messages();
  void begin(std::unique_ptr<Transfer> transfer);
  void abort(std::uint64_t id);
  void collect();
  void finished(CURL* easy, CURLcode code);
  void complete(std::unique_ptr<Transfer> transfer, ClientResult result);
  void cancel_all();
  CURL* take_handle();
  void give_back(CURL* easy);

  const ClientLimits limits_;
  CURLM* multi_ = nullptr;
  int epoll_ = -1;
  int wake_ = -1;
  std::atomic<std::size_t> in_flight_{0};

  std::mutex mutex_;
  std::vector<Message> inbox_;  // guarded by mutex_
  bool stopping_ = false;       // guarded by mutex_

  // Of the thread alone.
  std::unordered_map<std::uint64_t, std::unique_ptr<Transfer>> open_;
  std::vector<CURL*> idle_handles_;
  std::optional<Clock::time_point> timer_;
  bool ended_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace sequent::net
