#pragma once
// A running engine and the running stand-ins of the providers, as callers and observers reach them.
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "cli/session.hpp"
#include "net/http_client.hpp"

namespace sequent::cli {

/// Time from its making on.
class Patience {
 public:
  explicit Patience(DurationMs ms) : end_(Clock::now() + std::chrono::milliseconds(ms)) {}
  [[nodiscard]] bool over() const { return Clock::now() >= end_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point end_;
};

/// What came from outside in the form of what a stand-in in this process answers.
[[nodiscard]] net::ServerResponse received(const net::ClientResponse& response);

struct LiveRequest {
  std::string to;  // `engine`, or the name of a stand-in
  net::ServerRequest request;
};

/// threads  blocks
class LiveWorld {
 public:
  /// `addresses`: of the stand-ins, by name; paths in them are left out. The engine's is the session's.
  LiveWorld(const Session& session, std::map<std::string, std::string> addresses);

  /// All at the same moment; an entry for each, in order.
  [[nodiscard]] std::vector<net::ClientResult> send(const std::vector<LiveRequest>& requests) const;
  /// The JSON of a 2xx, asked for again while nobody answers, at most two minutes.
  /// errors  unavailable: nobody answered; conflict: another status
  [[nodiscard]] Result<Json> get(const std::string& to, const std::string& path) const;
  void pause(DurationMs ms) const;

  /// The newest runs, at most 500, as the API lists them.
  [[nodiscard]] Result<Json> runs() const;
  /// [{key, value}] of a collection, at most 500; none when there is no such collection.
  [[nodiscard]] Result<Json> records(const std::string& collection) const;
  /// {stand-in: {state, effects, …}}
  [[nodiscard]] Result<Json> providers() const;

  /// True when every run has ended or is parked.
  [[nodiscard]] static bool at_rest(const Json& runs);
  /// Until nothing about runs has changed for `quiet_ms`, at most `longest_ms`.
  [[nodiscard]] Result<void> settle(DurationMs quiet_ms, DurationMs longest_ms) const;

 private:
  [[nodiscard]] net::ClientRequest client_request(const LiveRequest& request) const;

  const Session& session_;
  std::map<std::string, std::string> addresses_;  // scheme://host:port
};

}  // namespace sequent::cli
