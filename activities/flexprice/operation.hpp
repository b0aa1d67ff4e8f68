#pragma once
// One line of Flexprice's API as an activity: what differs between them is data and, where the API
// has no key that makes a repetition safe, a look at what is there.
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "activities/flexprice/client.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::flexprice {

/// Looks for the effect that `input` asks for. Reads only.
/// errors  undecided with the failure of a read
using Look = boost::asio::awaitable<runtime::Reconciliation> (*)(std::shared_ptr<Client> client,
                                                                 runtime::Attempt attempt,
                                                                 Json input);

struct Operation {
  enum class When : std::uint8_t {
    never,
    after_refusal,  // a unique key or a state of its own makes Flexprice refuse the repetition
    before,         // nothing but looking first keeps an object from being made twice
  };

  runtime::ActivitySpec spec;
  std::string method;
  std::string path;                          // "/plans/{plan_id}": the input's member `plan_id`
  std::map<std::string, std::string> query;  // input's member -> query parameter
  When look_when = When::never;
  Look look = nullptr;
  bool gone_is_done = false;  // 404 is what was wanted: the answer is {id, deleted: true}
  /// Changes the body before it is sent; the same for every attempt.
  void (*adapt)(Json& body, const runtime::Attempt& attempt) = nullptr;
  /// Makes the output of the answer; absent: it is the answer.
  Json (*output)(Json answer, const Json& input) = nullptr;
};
using Operations = std::vector<Operation>;

/// flexprice.<resource>.<verb>.
/// shape   input: Flexprice's members under their own names, the path's id among them; null members
///         count as absent; output: Flexprice's object, but deletes give {id, deleted} and finds
///         give {found, <object or null>}
/// errors  see outcome.hpp. Refusals that prove an earlier effect (409 already_exists, cancelled
///         twice, deleted twice) are read back and count as success.
/// effect  once: by Flexprice's unique keys, or by looking before each request
class FlexpriceActivity final : public runtime::Activity {
 public:
  FlexpriceActivity(Operation operation, std::shared_ptr<Client> client)
      : operation_(std::move(operation)), client_(std::move(client)) {
    operation_.spec.can_look = true;  // without a look of its own, repeating settles it
  }

  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return operation_.spec; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
  boost::asio::awaitable<runtime::Reconciliation> reconcile(runtime::Attempt attempt,
                                                            Json input) override;

 private:
  [[nodiscard]] Call call_of(const runtime::Attempt& attempt, const Json& input) const;
  /// A refused request as the success that its repetition proves, or as the better known failure.
  boost::asio::awaitable<runtime::ActivityResult> settle(runtime::Attempt attempt, Json input,
                                                         machine::Failure refusal);

  Operation operation_;
  std::shared_ptr<Client> client_;
};

/// An operation with its compiled input schema.
[[nodiscard]] Operation operation(std::string name, std::string method, std::string path,
                                  std::string summary, Json input, Json output);
/// The same for what may be repeated without thought: reads, absolute writes, upserts.
[[nodiscard]] Operation harmless(std::string name, std::string method, std::string path,
                                 std::string summary, Json input, Json output);

/// A closed object of these members.
[[nodiscard]] Json input_schema(Json properties, std::vector<std::string> required);
/// An object with at least these members.
[[nodiscard]] Json output_schema(Json properties, std::vector<std::string> required);
[[nodiscard]] Json id_schema();        // a text that is not empty
[[nodiscard]] Json metadata_schema();  // texts by name
[[nodiscard]] Json page_schema(Json item);
[[nodiscard]] Json found_schema(const std::string& member, Json object);
[[nodiscard]] Json deleted_schema();
/// Adds the members of every search: limit, offset, order, status.
[[nodiscard]] Json search_properties(Json more);

/// {id, deleted: true} of the id in the path.
[[nodiscard]] Json deleted_output(Json answer, const Json& input);

/// The task's own key: "<key>_r2" without its revision.
[[nodiscard]] std::string unrevised(const std::string& idempotency_key);

/// A read on behalf of `attempt`.
[[nodiscard]] Call read_call(const runtime::Attempt& attempt, std::string path);
/// A search on behalf of `attempt`.
[[nodiscard]] Call search_call(const runtime::Attempt& attempt, std::string path, Json filter);

[[nodiscard]] runtime::Reconciliation adopted(Json object);
[[nodiscard]] runtime::Reconciliation absent();
[[nodiscard]] runtime::Reconciliation undecided(machine::Failure failure);

}  // namespace sequent::activities::flexprice
