#pragma once
// The steps of one comparison; reconcile() runs them in order.
#include "reconciliation/ledger.hpp"
#include "reconciliation/reconcile.hpp"

namespace sequent::reconciliation {

class Comparison {
 public:
  Comparison(Journals& journals, Objects& objects, const Window& window, Timestamp now,
             const Progress& progress)
      : journals_(journals), objects_(objects), window_(window), now_(now), progress_(progress) {
    report_.window = window;
  }

  /// The journals of all runs to which something happened since then.
  [[nodiscard]] Result<void> read_journals(Timestamp since);
  /// The lists of all accounts.
  [[nodiscard]] Result<void> read_lists();
  /// What is left unexplained becomes findings.
  [[nodiscard]] Result<Report> judge();

 private:
  /// An object of the window that was not in the ledger when it was listed, or was not as sent.
  struct Suspect {
    const Kind* kind = nullptr;
    std::string account;
    Json object;  // its comparable members, id, created and marks
  };

  [[nodiscard]] Result<bool> read_run(const std::string& run);
  [[nodiscard]] Result<void> read_list(const Kind& kind, const std::string& account);
  void note_listed(const Kind& kind, const std::string& account, const Json& object);
  [[nodiscard]] bool in_window(Timestamp at) const;
  [[nodiscard]] bool wants(const std::string& account) const;

  [[nodiscard]] Result<void> judge_suspect(const Suspect& suspect);
  void judge_marked(const Suspect& suspect, const std::string& run);
  [[nodiscard]] bool is_besides(const Suspect& suspect);
  void judge_unseen();
  void judge_fields(const Made& made, const Json& object);
  void miss(const Made& made, const std::string& cause);
  void unread_list(const Kind& kind, const std::string& account, const machine::Failure& failure);
  void unread(const std::string& account, std::string_view what, const machine::Failure& failure);

  Journals& journals_;
  Objects& objects_;
  Window window_;
  Timestamp now_;
  const Progress& progress_;
  Ledger ledger_;
  std::vector<Suspect> suspects_;
  std::set<std::pair<std::string, std::string>> unread_;  // account, kind
  std::set<std::string> closed_;  // accounts that Stripe does not let us read
  Report report_;
};

}  // namespace sequent::reconciliation
