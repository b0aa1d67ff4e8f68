#pragma once
// Notes and parcels between nodes that share a memory store. It loses nothing by itself: what becomes of
// a note on its way is up to `carry`.
// threads  one
#include <functional>
#include <map>
#include <string>

#include "engine/runtime/clock.hpp"
#include "engine/runtime/exchange.hpp"

namespace sequent::simulation {

class MemoryExchange final : public runtime::Exchange {
 public:
  explicit MemoryExchange(const runtime::Clock& clock) : clock_(clock) {}

  /// Takes a note to its listener by calling `deliver` when it likes, as often as it likes.
  using Carry = std::function<void(const std::string& to, std::function<void()> deliver)>;
  void carry_by(Carry carry) { carry_ = std::move(carry); }
  /// Some notes to `node` have been lost, and it is told so.
  void tell_of_gap(const std::string& node) { deliver(node, ""); }
  [[nodiscard]] bool holds_for(const std::string& node,
                               std::span<const PartitionId> partitions) const;
  [[nodiscard]] std::size_t told() const { return told_; }

  void tell(std::span<const runtime::Note> notes) override;
  void listen(const std::string& node, std::function<void(std::string)> heard) override;
  void post(std::span<const runtime::Parcel> parcels) override;
  [[nodiscard]] std::vector<runtime::Parcel> collect(const std::string& node,
                                                     std::span<const PartitionId> partitions,
                                                     std::size_t limit) override;

 private:
  struct Kept {
    runtime::Parcel parcel;
    Timestamp until = 0;
  };
  [[nodiscard]] bool is_for(const Kept& kept, const std::string& node,
                            std::span<const PartitionId> partitions) const;
  void deliver(const std::string& node, const std::string& text);

  const runtime::Clock& clock_;
  Carry carry_;
  std::map<std::string, std::function<void(std::string)>> listeners_;
  std::map<std::string, Kept> parcels_;  // by id
  std::size_t told_ = 0;
};

}  // namespace sequent::simulation
