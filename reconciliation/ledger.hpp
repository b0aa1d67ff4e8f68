#pragma once
// What the journals say: the objects that runs made, changed and deleted.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "reconciliation/calls.hpp"
#include "reconciliation/kinds.hpp"

namespace sequent::reconciliation {

/// A creating call; of its input only what is compared is kept.
struct Made {
  const Kind* kind = nullptr;
  std::string account, run;
  RecordedCall call;  // its input holds comparable() members
  bool seen = false;  // the provider's list has it
};

class Ledger {
 public:
  static constexpr std::size_t most_calls = 500'000;

  /// A run that was taken before is taken as it is now.
  /// errors  too_large: more than `most_calls` calls
  [[nodiscard]] Result<void> take(const std::string& run, const std::vector<RecordedCall>& calls);

  [[nodiscard]] std::map<std::string, Made>& made() { return made_; }  // by key
  /// Null when no journal says so.
  [[nodiscard]] Made* by_id(const std::string& account, const std::string& id);
  [[nodiscard]] Made* by_key(const std::string& key);
  [[nodiscard]] bool knows_run(const std::string& run) const { return runs_.contains(run); }
  /// A run has deleted it.
  [[nodiscard]] bool deleted(const std::string& account, const std::string& id) const;
  /// Stripe made it together with an object that a run made: its default price, its subscription.
  [[nodiscard]] bool made_besides(const std::string& account, const std::string& id) const;
  /// `object` is the made one, as its result or a list has it.
  void note_besides(const Made& made, const Json& object);
  /// What was sent of the object: its creation, and later changes by runs over it.
  [[nodiscard]] Json sent(const Made& made) const;
  /// The platform ("") and every account that a call acted on.
  [[nodiscard]] const std::set<std::string>& accounts() const { return accounts_; }
  [[nodiscard]] std::size_t runs() const { return runs_.size(); }
  [[nodiscard]] std::size_t unlisted() const { return unlisted_.size(); }

 private:
  struct Change {
    Timestamp at = 0;
    Json members;
  };
  using Place = std::pair<std::string, std::string>;  // account, id

  void take_made(const std::string& run, const Kind& kind, const RecordedCall& call);
  void take_change(const RecordedCall& call);

  std::map<std::string, Made> made_;
  std::map<Place, std::string> key_of_;
  std::map<Place, std::map<std::string, Change>> changes_;  // by key of the call
  std::set<Place> deleted_, besides_;
  std::set<Place> other_items_;  // subscriptions whose items were changed one by one
  std::set<std::string> runs_, accounts_{""}, unlisted_;
};

}  // namespace sequent::reconciliation
