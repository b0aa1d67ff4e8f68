#pragma once
// A real store with emitted events in it, an HTTP receiver that behaves as told, a real Redis.
#include <atomic>
#include <boost/asio.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/runtime/system_clock.hpp"
#include "net/http_server.hpp"
#include "outbox/publisher.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace sequent::outbox::test {

constexpr std::chrono::seconds patience{30};

/// Waits until `true_now`, at most our patience.
[[nodiscard]] bool eventually(const std::function<bool()>& true_now);

class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A store whose runs emit events when told; opened again as a restart does.
class Emitter {
 public:
  Emitter();
  /// One commit with events of these ids; their type is "com.example.<id up to the first digit>".
  void emit(const std::vector<std::string>& ids);
  void emit_event(Json event);
  void reopen();
  [[nodiscard]] persistence::SqliteStore& store() { return *store_; }
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  [[nodiscard]] std::int64_t cursor(const std::string& sink);

 private:
  void open();
  void commit(std::vector<Json> events);
  Folder folder_;
  std::unique_ptr<persistence::SqliteStore> store_;
  Epoch epoch_ = 0;
  std::uint64_t drawn_ = 0;
};

[[nodiscard]] PublisherOptions quick(const std::string& name);
/// Publishes with short pauses until it goes; wakes on each commit.
class Running {
 public:
  Running(PublisherOptions options, std::unique_ptr<Sink> sink, runtime::Outbox& log);
  ~Running();
  Publisher& operator*() { return publisher_; }
  Publisher* operator->() { return &publisher_; }

 private:
  runtime::Outbox& log_;
  runtime::SystemClock clock_;
  Publisher publisher_;
};

/// Takes what it is sent, unless the next answers are set.
class Receiver {
 public:
  struct Got {
    net::Headers headers;
    std::string body;
  };
  enum class Next : std::uint8_t { take, refuse, busy, hang, take_and_die, die };
  Receiver();
  ~Receiver();
  void next(std::vector<Next> answers);
  [[nodiscard]] std::string url() const;
  /// Event ids, as they came, with those that were not acknowledged.
  [[nodiscard]] std::vector<std::string> ids() const;
  [[nodiscard]] std::vector<Got> got() const;
  [[nodiscard]] std::size_t requests() const { return requests_; }

 private:
  boost::asio::awaitable<net::HandlerResult> take(net::ServerRequest request);
  mutable std::mutex mutex_;
  std::deque<Next> next_;
  std::vector<Got> got_;
  std::atomic<std::size_t> requests_ = 0;
  boost::asio::thread_pool pool_{2};
  std::unique_ptr<net::HttpServer> server_;
};

/// redis-server on a free port of 127.0.0.1, keeping nothing on the disk; stopped with the object.
class Redis {
 public:
  explicit Redis(const std::vector<std::string>& settings = {});
  ~Redis();
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;
  void stop();
  void start();
  void pause();  // it hears nothing, and its connections stay open
  void go_on();
  [[nodiscard]] int port() const { return port_; }
  /// What a command answers with; arrays as JSON lists, errors as {"error": …}.
  [[nodiscard]] Json ask(const std::vector<std::string>& words) const;
  /// The field of each entry, in the order of the stream.
  [[nodiscard]] std::vector<std::string> entries(const std::string& stream,
                                                 const std::string& field) const;

 private:
  Folder folder_;
  std::vector<std::string> settings_;
  int port_ = 0;
  int pid_ = -1;
};

}  // namespace sequent::outbox::test
