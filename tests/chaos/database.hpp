#pragma once
// A PostgreSQL primary and its standby, which must have a commit before anybody hears of it:
// fail-over to a standby that replicates asynchronously may lose what was acknowledged.
// threads  the main thread alone (process.hpp)
#include <string>
#include <vector>

#include "tests/chaos/process.hpp"

namespace sequent::chaos {

class Database {
 public:
  /// Makes both below `folder`; they serve, replicated, when it returns. Their log is archived.
  /// errors  throws std::runtime_error: PostgreSQL is not installed, or would not start
  explicit Database(std::string folder);

  /// Of the first and the second server; either may be the primary.
  [[nodiscard]] std::vector<int> ports() const { return {servers_[0].port, servers_[1].port}; }
  [[nodiscard]] std::string admin_url() const;  // of the primary
  /// The primary's settings that a node needs besides: plain user, no superuser.
  static constexpr const char* user = "sequent";
  static constexpr const char* name = "sequent";

  void kill_primary();
  void start_primary();
  [[nodiscard]] bool primary_serves();
  /// True when the standby holds all that the primary has made visible, so that nothing is lost.
  [[nodiscard]] bool can_fail_over();
  /// Kills the primary and promotes the standby. Then the old one is made anew as the standby, step by
  /// step in tend(); commits are not replicated until it is there.
  void fail_over();
  /// A copy of the primary's files as they are now, to restore from.
  void back_up();
  /// Names this moment, and the log up to it and a little further is in the archive when it returns.
  void name_moment(const std::string& moment);
  /// Both servers are lost; the copy and the archive give the primary of that moment. It serves, and a
  /// standby follows it, when it returns.
  void restore_to(const std::string& moment);
  /// Goes on with whatever is under way. Call it often; it never waits for long.
  void tend();

  /// Statements on the primary as superuser, with psql. errors  throws std::runtime_error
  std::string query(const std::string& sql);
  void script(const std::string& file);

 private:
  struct Server {
    std::string data, log;
    int port = 0;
    Process process;
  };
  enum class Standby { copying, starting, catching_up, in_sync };

  void initialise(Server& server);
  void make_standby();
  void make_signal(const Server& server, const std::string& name);
  void wait_for_primary();
  void start(Server& server);
  void begin_copy();
  void finish_copy();
  void require_standby(bool required);
  [[nodiscard]] bool answers(const Server& server) const;
  [[nodiscard]] Server& primary() { return servers_[primary_]; }
  [[nodiscard]] Server& standby() { return servers_[1 - primary_]; }
  [[nodiscard]] Command tool(const std::string& program, std::vector<std::string> arguments) const;
  std::string ask(const std::string& sql, bool quietly);

  std::string folder_, binaries_;
  Server servers_[2];
  std::size_t primary_ = 0;
  bool wanted_ = true;  // the primary runs unless we have killed it
  Standby state_ = Standby::copying;
  Process copy_;
};

}  // namespace sequent::chaos
