#pragma once
// Everything that runs: the database, the stand-ins of the providers, the nodes and the network
// between them.
// threads  the main thread alone, but urls, addresses and `web`
#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "tests/chaos/database.hpp"
#include "tests/chaos/proxy.hpp"
#include "tests/chaos/web.hpp"

namespace sequent::chaos {

constexpr std::size_t node_count = 3;

/// A figure without labels out of a page of /metrics; 0 where there is none.
[[nodiscard]] std::int64_t figure_in(const std::string& page, const std::string& name);

class World {
 public:
  /// `program`: sequent. Everything lies below `folder`.
  World(std::string program, const std::string& source, std::string folder);

  Web web;

  /// Starts the nodes and the audit, and deploys the workflows of this test.
  void begin();
  /// A user of the auth service with the token "token-user-ID". False: it took none.
  bool register_user(std::int64_t id);

  /// Each call of it takes so much longer; 0: no longer so, and no other fault either.
  void slow_provider(const std::string& name, DurationMs ms);

  void start_node(std::size_t node);
  /// What the node runs from its next start on.
  void install(std::size_t node, const std::string& program) { nodes_[node].program = program; }
  void kill_node(std::size_t node);
  void freeze_node(std::size_t node, bool frozen);
  /// Resets its connections to the database.
  void cut_node(std::size_t node);
  /// Between it and the database every packet is lost.
  void part_node(std::size_t node, bool parted);
  [[nodiscard]] bool node_runs(std::size_t node) { return nodes_[node].process.running(); }
  /// What the database knows its present process as.
  [[nodiscard]] const std::string& writer(std::size_t node) const { return nodes_[node].writer; }
  /// Of the node's /metrics; 0 where it says nothing of that.
  [[nodiscard]] std::int64_t figure(std::size_t node, const std::string& name);
  [[nodiscard]] bool serves(std::size_t node);
  [[nodiscard]] bool everything_serves();
  /// Whoever ended by itself, with the end of its log; "" = nobody.
  [[nodiscard]] std::string who_ended();

  [[nodiscard]] Database& database() { return *database_; }
  [[nodiscard]] std::string url(std::size_t node) const;
  [[nodiscard]] const std::string& provider(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, std::string>& providers() const { return providers_; }
  /// The store's address past all proxies, for programs that only look.
  [[nodiscard]] std::string store_url() const;
  [[nodiscard]] std::string doctor(const std::string& option, int& code);
  [[nodiscard]] std::string log_of(std::size_t node) const;  // its end
  [[nodiscard]] std::string whole_log_of(std::size_t node) const;
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  struct Node {
    int port = 0;
    int incarnation = 0;
    bool wanted = false;  // it runs unless we have killed it
    std::string program, writer;
    Process process;
    std::array<std::unique_ptr<Proxy>, 2> ways;  // to each server
  };

  void start_sandbox();
  void deploy();

  std::string program_, source_, folder_;
  Network network_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Proxy> front_;  // what the providers know as the address of all nodes
  Process sandbox_;
  std::map<std::string, std::string> providers_;
  std::array<Node, node_count> nodes_;
};

}  // namespace sequent::chaos
