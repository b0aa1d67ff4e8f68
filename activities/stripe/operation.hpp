#pragma once
// One line of Stripe's API as an activity: what differs between them is data, the rest is run once.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "activities/stripe/client.hpp"
#include "activities/stripe/traces.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::stripe {

/// What a refusal proves when the effect had happened before.
enum class Already : std::uint8_t {
  nothing,
  deleted,     // 404 resource_missing: the object is gone, which was wanted
  reached,     // 400, or 404 for a DELETE: the object is read back, and may stand where it should
  ours,        // `taken` is taken: by this very task, if what took it carries the task's traces
  identifier,  // the identifier of a usage event: it was counted before
};

struct Operation {
  runtime::ActivitySpec spec;
  std::string method;
  std::string path;  // "/v1/customers/{customer}": the input's member `customer`
  Already already = Already::nothing;
  std::vector<std::string> goals;  // reached: the statuses that count as success
  std::vector<std::string> taken;  // ours: codes, or the refused parameter's name
  /// The member `account` is Stripe's own parameter, and the call acts on the platform. Elsewhere it
  /// names the connected account to act on.
  bool platform_only = false;
  /// False where a repetition shall give something new (a link that can be used once): no key.
  bool keyed = true;
  /// Changes the input into Stripe's parameters; absent: they are the same.
  std::function<void(Json& parameters, const runtime::Attempt& attempt, const StripeConfig& config)>
      adapt;
  /// Set for what makes an object: traces are left, and reconciling looks for them in the list at
  /// `path` with these searches.
  std::function<std::vector<Search>(const Json& input, const runtime::Attempt& attempt)> searches;
  /// Set for changes that are no absolute values: reconciling looks for an event of these types that
  /// names the attempt's key, then reads the object at `path`.
  std::vector<std::string> told_by;

  [[nodiscard]] bool creates() const { return searches != nullptr; }
  [[nodiscard]] bool can_look() const { return creates() || !told_by.empty(); }
};

/// stripe.<resource>.<verb>.
/// shape   input: Stripe's parameters under their own names, the path's id among them, and
///         `account` for a connected account; output: Stripe's object, see versions.hpp
/// errors  see outcome.hpp
/// effect  once per idempotency key for 23 hours, an hour less than Stripe keeps keys; later
///         reconcile() looks for the traces that every created object carries in its metadata, or
///         for the event that tells of a change. An unkeyed write goes on a connection of its own.
class StripeActivity final : public runtime::Activity {
 public:
  StripeActivity(Operation operation, std::shared_ptr<Client> client)
      : operation_(std::move(operation)), client_(std::move(client)) {
    operation_.spec.can_look = operation_.can_look();
    // Stripe limits and loses each connected account by itself.
    if (!operation_.platform_only)
      operation_.spec.account = [](const Json& input) { return text_of(input, "account"); };
    operation_.spec.operation_class = operation_.method == "GET" ? "read" : "write";
  }

  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return operation_.spec; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
  boost::asio::awaitable<runtime::Reconciliation> reconcile(runtime::Attempt attempt,
                                                            Json input) override;

 private:
  [[nodiscard]] Call call_of(const runtime::Attempt& attempt, const Json& input) const;
  /// The refusal of a repeated request as the success that it proves, if it does.
  boost::asio::awaitable<runtime::ActivityResult> settle(runtime::Attempt attempt, Json input,
                                                         machine::Failure refusal);
  boost::asio::awaitable<runtime::ActivityResult> read_back(runtime::Attempt attempt, Json input,
                                                            std::string path);
  /// The object at `path`, or `refusal` where it does not stand at one of the goals.
  boost::asio::awaitable<runtime::ActivityResult> read_goal(runtime::Attempt attempt, Json input,
                                                            machine::Failure refusal);
  [[nodiscard]] std::string account_of(const Json& input) const;

  Operation operation_;
  std::shared_ptr<Client> client_;
};

/// The members given and those that all inputs have: {account, expand}.
[[nodiscard]] Json input_schema(Json properties, std::vector<std::string> required);
/// The same where `account` is Stripe's own parameter: it is among `properties`, or there is none.
[[nodiscard]] Json platform_schema(Json properties, std::vector<std::string> required);
/// A read: any number of times, no key.
[[nodiscard]] Operation read_operation(std::string name, std::string path, std::string summary,
                                       Json input, Json output);
/// A write with an idempotency key.
[[nodiscard]] Operation write_operation(std::string name, std::string method, std::string path,
                                        std::string summary, Json input, Json output);
/// DELETE: no key, nothing to expand; gone already is a success.
[[nodiscard]] Operation delete_operation(std::string name, std::string path, std::string summary,
                                         Json input, Json output);
/// The parameters of every list: limit, starting_after, ending_before, created.
[[nodiscard]] Json list_properties(Json more);
/// The same for the few lists that can't be filtered by `created`.
[[nodiscard]] Json page_properties(Json more);
/// An object of this kind, with the members that workflows rely on; others may be there.
[[nodiscard]] Json object_schema(std::string_view kind, Json properties);
/// The same for what has no id.
[[nodiscard]] Json nameless_schema(std::string_view kind, Json properties);
[[nodiscard]] Json list_schema(std::string_view kind);
/// Metadata as an author may give it: 47 keys, as three are the engine's.
[[nodiscard]] Json metadata_schema();

}  // namespace sequent::activities::stripe
