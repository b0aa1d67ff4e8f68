#pragma once
// A payment provider in memory: keeps idempotency keys and the objects that were made under them,
// refuses a key with other arguments, forgets keys in time, and counts what it has made.
#include <map>
#include <set>
#include <string>

#include "engine/runtime/activity.hpp"
#include "simulation/notebook.hpp"

namespace sequent::simulation {

/// How the provider takes a request that reaches it.
enum class Reaction : std::uint8_t {
  serve,
  busy,          // 429, nothing done
  refuse,        // 402, kept under the key; nothing done
  break_undone,  // 500, kept under the key; nothing done
  break_done,    // 500, kept under the key, although the object was made
};

struct Request {
  std::string activity;
  bool keyed = false;  // the provider keeps keys for this operation
  DurationMs retention_ms = 0;
  runtime::Attempt attempt;
  Json input;  // {op, run, at}: names the effect, the same however often it is asked for
};

class Provider {
 public:
  Provider(const runtime::Clock& clock, Notebook& notebook) : clock_(clock), notebook_(notebook) {}

  runtime::ActivityResult handle(const Request& request, Reaction reaction);
  /// The object that was made under the key or an earlier revision of it.
  [[nodiscard]] runtime::Reconciliation look(const Request& request) const;

  /// An operator has edited an input of this run: its tasks may make their objects anew.
  void expect_more_of(const InstanceId& run) { edited_.insert(run.text()); }
  /// Keys are kept at least as long as was promised; here for that much longer, for senders whose
  /// clocks are wrong.
  void keep_longer(DurationMs by) { slack_ms_ += by; }
  [[nodiscard]] bool made(const std::string& object) const { return objects_.contains(object); }
  [[nodiscard]] std::size_t objects() const { return objects_.size(); }

 private:
  struct Kept {
    Json input;
    runtime::ActivityResult answer;  // an object, or the failure that the key is spent on
    Timestamp born_at = 0;
  };
  Json make(const Request& request);
  Kept* kept(const Request& request);

  const runtime::Clock& clock_;
  Notebook& notebook_;
  DurationMs slack_ms_ = 120'000;  // requests under way count
  std::map<std::string, Kept> keys_;
  std::map<std::string, Json> first_input_;       // by key, for ever
  std::map<std::string, Json> by_key_;            // objects by key without its revision
  std::map<std::string, std::string> by_effect_;  // {op, run, at} -> object
  std::set<std::string> objects_, edited_;
};

[[nodiscard]] machine::Failure failure(machine::Outcome outcome, int status,
                                       const std::string& detail);

}  // namespace sequent::simulation
