#pragma once
// SQS standard queues: visibility, receipts, redelivery, a redrive policy.
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "sandbox/aws/answer.hpp"
#include "sandbox/random.hpp"

namespace sequent::sandbox::aws {

struct Message {
  std::string id;
  std::string body;
  Timestamp sent_at = 0;
  Timestamp visible_at = 0;
  Timestamp first_received_at = 0;
  int receives = 0;
};

struct Queue {
  std::string name;
  DurationMs visibility_ms = 30'000;
  int max_receives = 0;  // then to the dead letters; 0: for ever
  std::deque<Message> messages;
  std::vector<Message> dead;
};

/// A ReceiveMessage that was read and is to be answered now or later.
struct Receive {
  std::string queue;
  std::size_t most = 1;
  DurationMs visibility_ms = 0;
  bool with_attributes = false;
  Timestamp until = 0;  // of its long poll
};

/// shape  requests and answers are those of the SQS model, in JSON
class Queues {
 public:
  explicit Queues(std::uint64_t seed) : random_(seed) {}

  /// errors  conflict: a queue of that name exists
  [[nodiscard]] Result<void> create(Queue queue);
  [[nodiscard]] bool has(const std::string& name) const { return queues_.contains(name); }

  [[nodiscard]] Answer<Json> send(const Json& request, Timestamp now);
  [[nodiscard]] Answer<Receive> read_receive(const Json& request, Timestamp now) const;
  /// The messages that are visible now, hidden from then on; {} when there is none.
  [[nodiscard]] Json take(const Receive& receive, Timestamp now);
  [[nodiscard]] Answer<Json> remove(const Json& request);
  [[nodiscard]] Answer<Json> change_visibility(const Json& request, Timestamp now);

  /// Puts a message in, as a topic that delivers to the queue does. The id.
  std::string put(const std::string& queue, std::string body, Timestamp now);
  /// When the first message of a queue can be received; nothing while it is empty.
  [[nodiscard]] std::optional<Timestamp> next_visible(const std::string& queue) const;
  [[nodiscard]] Json to_json(Timestamp now) const;

 private:
  struct Receipt {
    std::string queue;
    std::string message;
    int receive = 0;  // of the message: a later one makes this handle stale
  };
  [[nodiscard]] Answer<Receipt> receipt_of(const Json& request) const;
  [[nodiscard]] Message* find(const Receipt& receipt);

  Random random_;
  std::map<std::string, Queue> queues_;
  std::map<std::string, Receipt> receipts_;
};

/// Lower-case hexadecimal MD5, which SQS answers with for every body.
[[nodiscard]] std::string md5_hex(std::string_view bytes);

}  // namespace sequent::sandbox::aws
