#pragma once
// What this node owns, and until when: its leases, renewed before they run out, and its share of them
// among the nodes that live.
//
// The database's clock rules the leases. A node reckons from the moment before it asked, by a clock
// that goes on while the process is stopped, less a margin: when that has passed it writes nothing and
// sends nothing, though its leases may hold a little longer.
// threads  leased() and renew_soon() from anywhere; the rest on the thread of the leases: the first
//          committer's, or that of the cluster
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <memory>
#include <optional>

#include "engine/runtime/parts.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

struct Node;

class Tenure : public std::enable_shared_from_this<Tenure> {
 public:
  explicit Tenure(Node& node);

  /// Takes or renews leases now. They may be used once Node::adopt() has them. errors  lease_held
  [[nodiscard]] Result<Membership> acquire();
  /// From adopt(), once partitions that were lost are told so: until then nobody may take a renewal of
  /// the others for one of them.
  void confirm() { leased_until_ = acquired_until_; }
  /// Whether the leases may be used now. Past that another node may own the partitions: nothing may
  /// leave any more that only their owner may send.
  [[nodiscard]] bool leased() const;
  /// When the leases are to be renewed, by Clock::elapsed().
  [[nodiscard]] Timestamp renew_at() const { return renew_at_; }
  /// A commit failed. The renewal is a small write of its own: it tells when the store is back, though
  /// nobody asks anything of it meanwhile.
  void renew_soon();
  void renew_if_due();

  /// From now on it renews by itself, at its times, until close(). Only in a cluster.
  void keep_time();
  /// Renews now, unless it has just done so: partitions may be free.
  void look();
  void close();

 private:
  struct Giving {
    Lease lease;
    bool left = false;                  // the partition is dropped here
    std::optional<Timestamp> given_at;  // it is free for others; over when one of them has it
  };
  /// Until the next renewal.
  [[nodiscard]] DurationMs pause_after(const Membership& membership) const;
  void beat();
  void settle(Membership membership);
  void look_whether_taken(const Membership& membership);
  void give_surplus();
  void left();
  void give_back();
  void set_alarm();

  Node& node_;
  std::atomic<Timestamp> leased_until_ = 0, renew_at_ = 0, beat_at_ = 0;
  // Only in a cluster, and but for the alarm on its thread.
  Timestamp acquired_until_ = 0;
  std::size_t share_ = SIZE_MAX;
  std::optional<Giving> giving_;
  std::atomic<bool> closed_ = false, asked_ = false;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
};

}  // namespace sequent::runtime
