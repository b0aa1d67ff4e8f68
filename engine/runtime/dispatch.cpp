#include "engine/runtime/dispatch.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>

#include "base/assert.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

Failure failure_of(machine::Outcome outcome, machine::ErrorKind kind, std::string detail) {
  Failure failure;
  failure.outcome = outcome;
  failure.problem = machine::make_problem(kind, std::move(detail));
  return failure;
}

ActivityResult too_large(const ActivitySpec& spec, std::size_t limit) {
  return std::unexpected(failure_of(
      machine::Outcome::permanent, machine::ErrorKind::runtime,
      "The result of " + spec.name + " is larger than the limit of " + std::to_string(limit) +
          " bytes (limits.maxPayloadBytes). Ask for less, or raise the limit."));
}

// What looking found, as the outcome of the attempt; nothing = the effect is proven absent.
std::optional<ActivityResult> settled_by(const ActivitySpec& spec, Reconciliation looked) {
  switch (looked.found) {
    case Reconciliation::Found::adopted:
      return ActivityResult{std::move(looked.object)};
    case Reconciliation::Found::absent:
      return std::nullopt;
    case Reconciliation::Found::undecided:
      break;
  }
  if (looked.failure) return std::unexpected(std::move(*looked.failure));
  return std::unexpected(failure_of(
      machine::Outcome::unknown, machine::ErrorKind::communication,
      "An earlier attempt of " + spec.name +
          " may have had its effect, its idempotency key no longer protects, and the activity "
          "can't "
          "look for it. Check at the provider, then skip the task with the result or retry it."));
}

asio::awaitable<ActivityResult> make_call(std::shared_ptr<ActivityCall> call,
                                          std::size_t max_payload) {
  Activity& activity = *call->activity;
  const ActivitySpec& spec = activity.spec();
  if (must_reconcile(spec, call->attempt, call->key_raised)) {
    Attempt attempt = call->attempt;
    Json input = call->input;
    auto looking = activity.reconcile(std::move(attempt), std::move(input));
    Reconciliation looked = co_await std::move(looking);
    auto settled = settled_by(spec, std::move(looked));
    if (settled) co_return std::move(*settled);
  }
  auto running = activity.run(std::move(call->attempt), std::move(call->input));
  ActivityResult result = co_await std::move(running);
  if (result && larger_than(*result, max_payload)) co_return too_large(spec, max_payload);
  co_return result;
}

bool count(const Json& value, std::size_t& left) {
  const auto take = [&](std::size_t bytes) {
    if (bytes > left) return false;
    left -= bytes;
    return true;
  };
  if (value.is_string()) return take(value.get_ref<const std::string&>().size() + 2);
  if (value.is_array()) {
    if (!take(2)) return false;
    for (const auto& item : value)
      if (!take(1) || !count(item, left)) return false;
    return true;
  }
  if (value.is_object()) {
    if (!take(2)) return false;
    for (const auto& [name, member] : value.items())
      if (!take(name.size() + 4) || !count(member, left)) return false;
    return true;
  }
  return take(4);
}

}  // namespace

bool larger_than(const Json& value, std::size_t limit) {
  std::size_t left = limit;
  return !count(value, left);
}

bool must_reconcile(const ActivitySpec& spec, const Attempt& attempt, bool key_raised) {
  if (!attempt.unsettled || spec.idempotent) return false;
  const bool key_forgotten =
      spec.key_retention_ms == 0 || attempt.now - attempt.first_sent_at >= spec.key_retention_ms;
  return key_forgotten || key_raised;
}

Dispatcher::Dispatcher(asio::any_io_executor strand, Stats& stats, Limits limits, Returned returned)
    : strand_(std::move(strand)), stats_(stats), limits_(limits), returned_(std::move(returned)) {}

void Dispatcher::start(ActivityCall call) {
  SEQUENT_ASSERT(call.activity != nullptr);
  const Key key{.instance = call.instance, .frame = call.frame, .attempt = call.attempt.number};
  if (stopped_ || calls_.contains(key)) return;
  if (running_ < limits_.max_in_flight) return launch(key, std::move(call));
  calls_[key].waiting = std::make_shared<ActivityCall>(std::move(call));
  queue_.push_back(key);
  stats_.queued.fetch_add(1);
}

void Dispatcher::launch(const Key& key, ActivityCall call) {
  auto signal = std::make_shared<asio::cancellation_signal>();
  calls_[key] = Entry{.cancel = signal, .waiting = nullptr};
  ++running_;
  stats_.in_flight.fetch_add(1);
  stats_.activities_started.fetch_add(1);
  if (call.attempt.number > 1) stats_.activity_retries.fetch_add(1);
  auto shared = std::make_shared<ActivityCall>(std::move(call));
  // The signal lives as long as the coroutine, which may outlast its entry.
  auto done = [self = shared_from_this(), key, signal, shared](std::exception_ptr error,
                                                               ActivityResult result) {
    // Activities throw nothing; one that does is broken on our side, and nobody knows what it did.
    if (error)
      result = std::unexpected(failure_of(machine::Outcome::unknown, machine::ErrorKind::runtime,
                                          "The activity broke off with an exception."));
    self->ended(key, std::move(result));
  };
  asio::co_spawn(strand_, make_call(shared, limits_.max_payload_bytes),
                 asio::bind_cancellation_slot(signal->slot(), std::move(done)));
}

void Dispatcher::ended(const Key& key, ActivityResult result) {
  --running_;
  stats_.in_flight.fetch_sub(1);
  if (!result) stats_.activities_failed.fetch_add(1);
  const bool wanted = calls_.erase(key) > 0;
  if (wanted && returned_) returned_(key.instance, key.frame, key.attempt, std::move(result));
  pump();
}

void Dispatcher::pump() {
  while (!queue_.empty() && running_ < limits_.max_in_flight && !stopped_) {
    const Key key = queue_.front();
    queue_.pop_front();
    stats_.queued.fetch_sub(1);
    const auto found = calls_.find(key);
    if (found == calls_.end() || !found->second.waiting) continue;  // abandoned meanwhile
    const auto waiting = std::move(found->second.waiting);
    launch(key, std::move(*waiting));
  }
}

bool Dispatcher::under_way(const InstanceId& instance, std::uint32_t frame,
                           std::uint32_t attempt) const {
  return calls_.contains(Key{.instance = instance, .frame = frame, .attempt = attempt});
}

void Dispatcher::abandon(const InstanceId& instance, std::uint32_t frame, std::uint32_t attempt) {
  const auto found = calls_.find(Key{.instance = instance, .frame = frame, .attempt = attempt});
  if (found == calls_.end()) return;
  const auto signal = found->second.cancel;
  calls_.erase(found);
  if (signal) signal->emit(asio::cancellation_type::all);
}

void Dispatcher::abandon_all() {
  stop_queue();
  auto calls = std::exchange(calls_, {});
  for (auto& [key, entry] : calls)
    if (entry.cancel) entry.cancel->emit(asio::cancellation_type::all);
}

void Dispatcher::stop_queue() {
  stopped_ = true;
  stats_.queued.fetch_sub(static_cast<std::int64_t>(queue_.size()));
  queue_.clear();
  std::erase_if(calls_, [](const auto& call) { return call.second.waiting != nullptr; });
}

}  // namespace sequent::runtime
