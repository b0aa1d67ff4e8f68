#pragma once
// How the nodes of one store talk to each other: through the store, which they all know anyway. A store
// that only one node can use has none.
//
// Notes are quick and may be lost, late or doubled: nothing depends on one alone. Parcels are rows:
// they are handed over once, or not at all when nobody collects them in time.
// threads  tell(), post() and collect() block and come from one thread at a time; what is heard comes
//          on a thread of the store, one at a time
// errors   StoreFailure
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace sequent::runtime {

/// A note holds no more than this, so that it fits where the store carries it (PostgreSQL's NOTIFY
/// takes 7,999 bytes, of which a store may need some for the address).
inline constexpr std::size_t most_note_bytes = 7'500;

struct Note {
  std::string to;    // a node as it names itself to acquire(); "" = all of them
  std::string text;  // not empty
};

/// Something that a node asks of whoever owns a partition, or answers to a node.
struct Parcel {
  std::string id;  // unique; the same one is posted once
  std::string to;  // the node it is for; "" = nobody owns the partition now
  /// Whoever owns it may collect the parcel too: the owner may change before it has.
  std::optional<PartitionId> partition;
  std::string body;
  DurationMs ttl = 0;  // after that nobody gets it
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  /// Sends notes to nodes that listen now. Those that a node sends to itself may be left out.
  virtual void tell(std::span<const Note> notes) = 0;
  /// From now on `heard` is called with the text of every note to `node` or to all. An empty text says
  /// that some may have been lost (a connection broke): whoever depends on them looks for himself. An
  /// empty function ends it: on return it is not running any more.
  virtual void listen(const std::string& node, std::function<void(std::string)> heard) = 0;

  /// Keeps parcels until they are collected or too old, and tells `parcel_note` to each one's `to`.
  /// They need not outlive a crash of the database.
  virtual void post(std::span<const Parcel> parcels) = 0;
  /// Takes the parcels that are for `node`, or for one of `partitions`, away and returns them, at most
  /// `limit`: each is given to one collector only.
  [[nodiscard]] virtual std::vector<Parcel> collect(const std::string& node,
                                                    std::span<const PartitionId> partitions,
                                                    std::size_t limit) = 0;
};

/// The note that says: there is a parcel for you.
inline constexpr const char* parcel_note = "parcel";

}  // namespace sequent::runtime
