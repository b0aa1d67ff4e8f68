#pragma once
// A TCP proxy between a store and its server that cuts a connection at a given moment, and counts how
// often each side waits for the other.
#include <atomic>
#include <boost/asio.hpp>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace sequent::test {

enum class Cut {
  before_commit,  // what holds COMMIT never reaches the server
  after_commit,   // the server has it and answers, and nobody hears the answer
  while_commit,   // the server has it, and gets no sign that anybody is gone
  hold,           // the store is cut off, and what it sent is kept for deliver_held()
};

/// threads  one of its own for all connections
class CuttingProxy {
 public:
  explicit CuttingProxy(int server_port);
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;
  ~CuttingProxy();

  [[nodiscard]] int port() const { return port_; }
  /// The next message from a store that holds `word` is where the cut comes; once.
  void cut_next(Cut how, std::string word = "COMMIT");
  /// Sends what was held to the server after all; returns the first bytes of its answer.
  [[nodiscard]] std::string deliver_held();
  /// How many cuts have been made.
  [[nodiscard]] int cuts() const { return cuts_; }
  /// Round trips so far: how often a store spoke after its server had.
  [[nodiscard]] int round_trips() const { return round_trips_; }
  /// From now on nobody gets through, and those who are through are cut off; until allow().
  void block();
  void allow();

 private:
  struct Pair;
  void accept();
  void pump_client(const std::shared_ptr<Pair>& pair);
  void pump_server(const std::shared_ptr<Pair>& pair);
  void cut(const std::shared_ptr<Pair>& pair, Cut how);
  template <class Work>
  void on_thread(Work work);

  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp::endpoint server_;
  std::list<std::weak_ptr<Pair>> pairs_;
  std::shared_ptr<Pair> held_;
  std::string held_bytes_;
  std::optional<Cut> planned_;
  std::string word_;
  bool blocked_ = false;
  std::atomic<int> cuts_ = 0, round_trips_ = 0;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace sequent::test
