#pragma once
// A payment provider in memory: keeps idempotency keys and the objects that were made under them,
// refuses a key with other arguments, forgets keys in time, and counts what it has made.
#include <map>
#include <set>
#include <string>
#include <vector>

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
  // {op, run, at}: names the effect, the same however often it is asked for. `undoable`: it can be
  // undone. `undoes`: the object that it undoes.
  Json input;
};

/// An object that was undone, and the run that asked for it.
struct Undoing {
  std::string object;
  InstanceId by;
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
  /// What can be undone: the object, and the run that made it.
  [[nodiscard]] const std::map<std::string, std::string>& undoable() const { return undoable_; }
  /// The objects that were undone, in the order in which they were; one twice is there twice.
  [[nodiscard]] const std::vector<Undoing>& undone() const { return undone_; }
  /// What has been made under the key, as an operator finds it; null = nothing.
  [[nodiscard]] Json object_under(const std::string& key) const;

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
  std::map<std::string, std::string> undoable_;
  std::vector<Undoing> undone_;
};

[[nodiscard]] machine::Failure failure(machine::Outcome outcome, int status,
                                       const std::string& detail);

}  // namespace sequent::simulation
