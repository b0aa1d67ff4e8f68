#pragma once
// A clock that moves only when told, and the alarms that ring by it: days of waiting cost nothing,
// and the same trial takes the same turns each time.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "engine/runtime/parts.hpp"

namespace sequent::crashtest {

class VirtualClock final : public runtime::Clock {
 public:
  explicit VirtualClock(Timestamp at) : now_(at) {}
  [[nodiscard]] Timestamp now() const override { return now_; }
  void move_to(Timestamp at) { now_ = std::max(now_.load(), at); }

 private:
  std::atomic<Timestamp> now_;  // blocking jobs of the API read it too
};

/// What is due when. Entries with the same time run in the order in which they were added.
/// threads  one
class Agenda {
 public:
  using Entry = std::pair<Timestamp, std::uint64_t>;

  Entry add(Timestamp at, std::function<void()> act);
  void remove(const Entry& entry) { entries_.erase(entry); }
  [[nodiscard]] std::optional<Timestamp> next() const;
  /// Runs what is due at `now`; false when nothing is.
  bool run_due(Timestamp now);

 private:
  std::map<Entry, std::function<void()>> entries_;
  std::uint64_t last_ = 0;
};

/// The engine's alarms, on an agenda.
[[nodiscard]] std::unique_ptr<runtime::AlarmClock> alarms_on(std::shared_ptr<Agenda> agenda);

}  // namespace sequent::crashtest
