#pragma once
// Who uses the engine from outside: starters that repeat themselves until they are answered, event
// sources that deliver at least once, and operators.
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "simulation/cluster.hpp"

namespace sequent::simulation {

class Clients {
 public:
  Clients(Scheduler& scheduler, Dice& dice, Cluster& cluster, Notebook& notebook, Witness& witness)
      : scheduler_(scheduler),
        dice_(dice),
        cluster_(cluster),
        notebook_(notebook),
        witness_(witness) {}

  /// Asks until it is answered, always with the same Idempotency-Key. `on_conflict`: the workflow has
  /// a business key; then it asks again now and then after the answer too.
  void start(const std::string& workflow, Json input,
             std::optional<runtime::OnConflict> on_conflict = std::nullopt);
  /// Delivers until it is acknowledged, now and then once more.
  void deliver(const std::string& id, const std::string& type, const std::string& run);

  /// From now on nothing is lost and nobody dies: who waits is told soon.
  void calm() { calm_since_ = scheduler_.now(); }
  /// Waits at some node until the run has ended, again and again.
  void wait(const InstanceId& run);

  enum class Action : std::uint8_t {
    suspend,
    resume,
    retry,
    edit,
    cancel,
    skip,
    rewind,
    migrate,
    terminate
  };
  /// Asks once; what it is answered is noted. `detail`: of skip and rewind the task, see Engine; of
  /// migrate the version. `output`: what skip says the task came to.
  void act(Action action, const InstanceId& run, const std::string& detail = "",
           Json output = Json{{"skipped", true}});

  struct Start {
    std::string workflow, key;
    Json input;
    std::optional<InstanceId> answered;
    std::optional<runtime::OnConflict> on_conflict;  // of a workflow with a business key
    bool refused = false;                            // for its business key
    Timestamp own_since = INT64_MAX;  // from then on its own run was known to be the answer
  };
  [[nodiscard]] const std::vector<Start>& starts() const { return starts_; }
  [[nodiscard]] bool all_answered() const;
  /// Whoever has waited for a run that has ended knows it.
  [[nodiscard]] bool all_told() const;
  /// Runs whose cancellation was confirmed.
  [[nodiscard]] const std::set<InstanceId>& cancelled() const { return cancelled_; }
  /// Delivered and acknowledged, by id: its type.
  [[nodiscard]] const std::map<std::string, std::string>& delivered() const { return delivered_; }

 private:
  struct Wait {
    InstanceId run;
    bool told = false;
  };
  void ask_wait(std::size_t index);
  void hear(std::size_t index, const Result<runtime::WaitResult>& result, Timestamp asked_at);
  void ask_start(std::size_t index);
  void hear_start(std::size_t index, const Result<runtime::Started>& started, Timestamp asked_at);
  void hear_keyed(Start& asked, const Result<runtime::Started>& started, Timestamp asked_at);
  void ask_deliver(const Json& event);
  template <class T, class Then>
  void begin(boost::asio::awaitable<T> call, Then then);
  void again(DurationMs within, Work work);
  [[nodiscard]] Json edited_input(const InstanceId& run) const;

  Scheduler& scheduler_;
  Dice& dice_;
  Cluster& cluster_;
  Notebook& notebook_;
  Witness& witness_;
  std::vector<Start> starts_;
  std::vector<Wait> waits_;
  Timestamp calm_since_ = INT64_MAX / 2;  // not yet
  std::set<InstanceId> cancelled_;
  std::map<std::string, std::string> delivered_;
};

}  // namespace sequent::simulation
