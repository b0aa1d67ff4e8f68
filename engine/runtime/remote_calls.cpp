#include "engine/runtime/remote_calls.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "engine/runtime/cluster.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/partition.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

// Longer than it takes until a dead node's partitions have their next owner.
constexpr DurationMs patience_ms = 8'000;
constexpr DurationMs answer_kept_ms = 30'000;
constexpr std::size_t collected_at_once = 100;

// What an action may answer; anything else travels as `internal`.
constexpr std::array<std::pair<ErrorCode, std::string_view>, 9> codes{{
    {ErrorCode::invalid_request, "invalid_request"},
    {ErrorCode::invalid_input, "invalid_input"},
    {ErrorCode::not_found, "not_found"},
    {ErrorCode::wrong_state, "wrong_state"},
    {ErrorCode::too_large, "too_large"},
    {ErrorCode::too_many_requests, "too_many_requests"},
    {ErrorCode::unavailable, "unavailable"},
    {ErrorCode::fenced, "fenced"},
    {ErrorCode::expression, "expression"},
}};

Json json_of(const Error& error) {
  std::string_view code = "internal";
  for (const auto& [value, name] : codes)
    if (value == error.code) code = name;
  return Json{{"code", code}, {"detail", error.detail}, {"retryAfter", error.retry_after_seconds}};
}

Error error_of(const Json& json) {
  Error error;
  const auto code = text_of(json, "code");
  for (const auto& [value, name] : codes)
    if (name == code) error.code = value;
  error.detail = text_of(json, "detail");
  error.retry_after_seconds = json.value("retryAfter", 0);
  return error;
}

Error nobody_answered(const InstanceId& run) {
  Error error;
  error.code = ErrorCode::unavailable;
  error.retry_after_seconds = 2;
  error.detail = "No node that has run " + run.text() + " answered within " +
                 std::to_string(patience_ms / 1'000) +
                 " s; another one is about to take it over. Whether the action was done is not "
                 "known: read the run before you ask again.";
  return error;
}

}  // namespace

RemoteCalls::RemoteCalls(const std::shared_ptr<Node>& node, Exchange& exchange,
                         asio::strand<asio::any_io_executor> strand)
    : owner_(node),
      exchange_(exchange),
      strand_(std::move(strand)),
      alarm_(node->parts.alarms->make(strand_)),
      random_(node->parts.random(node->ports.store.partitions())) {}

void RemoteCalls::act(const ActionRequest& request, Reply<Result<void>> reply) {
  const auto node = owner_.lock();
  if (!node) return;
  if (stopped_ || node->closed) return reply(std::unexpected(node->elsewhere(request.run)));
  const std::string call = node->self + "/" + std::to_string(random_->next());
  pending_[call] = {.run = request.run, .reply = std::move(reply)};
  deadlines_.emplace_back(node->ports.clock.now() + patience_ms, call);
  set_alarm();
  Parcel parcel;
  parcel.id = call;
  parcel.partition = request.run.partition();
  parcel.to = node->cluster->owner_of(*parcel.partition);
  parcel.body = dump_json(
      Json{{"kind", "act"}, {"call", call}, {"from", node->self}, {"action", to_json(request)}});
  parcel.ttl = patience_ms;
  post(std::move(parcel), call);
}

// `call`: whose caller hears at once when it can't be posted; "" = nobody's.
void RemoteCalls::post(Parcel parcel, const std::string& call) {
  const auto node = owner_.lock();
  if (!node || node->closed) return;
  node->parts.cluster->post([self = shared_from_this(), node, parcel = std::move(parcel), call] {
    if (node->closed) return;
    try {
      self->exchange_.post(std::span{&parcel, 1});
    } catch (const StoreFailure& failure) {
      node->stats.store_failures.fetch_add(1);
      if (call.empty()) return;
      asio::post(self->strand_, [self, call, error = unavailable(failure.what(), failure.full)] {
        self->answered(call, std::unexpected(error));
      });
    }
  });
}

void RemoteCalls::collect() {
  const auto node = owner_.lock();
  if (stopped_ || !node || node->closed) return;
  if (std::exchange(collecting_, true)) {
    collect_again_ = true;
    return;
  }
  node->parts.cluster->post([self = shared_from_this(), node] {
    if (node->closed) return;
    std::vector<PartitionId> owned;
    if (node->tenure->leased())
      for (const auto& partition : node->partitions()) owned.push_back(partition->id());
    std::vector<Parcel> parcels;
    try {
      parcels = self->exchange_.collect(node->self, owned, collected_at_once);
    } catch (const StoreFailure&) {
      node->stats.store_failures.fetch_add(1);  // the next renewal of the leases finds them
    }
    const bool more = parcels.size() == collected_at_once;
    asio::post(self->strand_, [self, parcels = std::move(parcels), more]() mutable {
      self->collected(std::move(parcels), more);
    });
  });
}

void RemoteCalls::collected(std::vector<Parcel> parcels, bool more) {
  collecting_ = false;
  for (const auto& parcel : parcels) received(parcel);
  if (std::exchange(collect_again_, false) || more) collect();
}

void RemoteCalls::received(const Parcel& parcel) {
  const auto json = parse_json(parcel.body);
  if (!json || !json->is_object()) return;  // of a release that writes it in another way
  const auto call = text_of(*json, "call");
  const auto kind = text_of(*json, "kind");
  if (kind == "answer") {
    const auto error = json->find("error");
    if (error != json->end()) return answered(call, std::unexpected(error_of(*error)));
    return answered(call, {});
  }
  const auto action = json->find("action");
  if (kind != "act" || action == json->end()) return;
  const auto request = action_from_json(*action);
  if (request) serve(call, text_of(*json, "from"), *request);
}

void RemoteCalls::serve(const std::string& call, const std::string& from,
                        const ActionRequest& request) {
  const auto node = owner_.lock();
  if (!node || node->closed) return;
  auto done = [self = shared_from_this(), call, from](std::exception_ptr thrown,
                                                      Result<void> result) {
    Json body{{"kind", "answer"}, {"call", call}};
    Error broken;
    broken.detail = "The action broke off on the node that has the run.";
    if (thrown) result = std::unexpected(broken);
    if (!result) body["error"] = json_of(result.error());
    Parcel parcel;
    parcel.id = call + "/answer";
    parcel.to = from;
    parcel.body = dump_json(body);
    parcel.ttl = answer_kept_ms;
    self->post(std::move(parcel), "");
  };
  asio::co_spawn(strand_, perform(node, request, false), std::move(done));
}

void RemoteCalls::answered(const std::string& call, Result<void> result) {
  auto pending = pending_.extract(call);
  if (!pending.empty()) pending.mapped().reply(std::move(result));
}

void RemoteCalls::set_alarm() {
  if (deadlines_.empty()) return alarm_->cancel();
  alarm_->set(deadlines_.front().first, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->ring();
  });
}

void RemoteCalls::ring() {
  const auto node = owner_.lock();
  if (stopped_ || !node || node->closed) return;
  const Timestamp now = node->ports.clock.now();
  while (!deadlines_.empty() && deadlines_.front().first <= now) {
    const std::string call = std::move(deadlines_.front().second);
    deadlines_.pop_front();
    const auto found = pending_.find(call);
    if (found != pending_.end())
      answered(call, std::unexpected(nobody_answered(found->second.run)));
  }
  set_alarm();
}

void RemoteCalls::stop() {
  stopped_ = true;
  alarm_->cancel();
  deadlines_.clear();
  const auto node = owner_.lock();
  for (auto& [call, pending] : std::exchange(pending_, {}))
    if (node) pending.reply(std::unexpected(node->elsewhere(pending.run)));
}

}  // namespace sequent::runtime
