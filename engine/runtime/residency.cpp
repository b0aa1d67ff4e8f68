// Instances come into memory when something happens to them and leave when they wait.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "engine/machine/view.hpp"
#include "engine/runtime/fold.hpp"
#include "engine/runtime/partition_read.hpp"

namespace sequent::runtime {
namespace {

// A run that acts again within this time is not worth loading again.
constexpr DurationMs imminent_ms = 2'000;

}  // namespace

void Partition::with(const InstanceId& id, Job job) {
  if (dropped_) {
    const Error error = gone_on(id);
    return job(nullptr, &error);
  }
  const auto found = residents_.find(id);
  if (found != residents_.end() && !found->second.loading) return job(&found->second, nullptr);
  if (found != residents_.end()) return found->second.queued.push_back(std::move(job));
  if (broken_) {
    const Error error = unavailable(broken_why_, broken_full_);
    return job(nullptr, &error);
  }
  Resident& resident = residents_[id];
  node_->stats.resident.fetch_add(1);
  resident.id = id;
  resident.number = ++loads_;
  resident.loading = true;
  resident.queued.push_back(std::move(job));
  load(id);
}

void Partition::load(const InstanceId& id) {
  ++loading_;
  node_->stats.loads.fetch_add(1);
  auto from_store = [id, node = node_](Store& store) {
    Loaded out;
    auto stored = store.load(id);
    if (!stored) return out;
    auto folded = fold(*stored);
    if (!folded) {
      out.broken = folded.error();
      return out;
    }
    out.state = std::move(folded->state);
    out.snapshot_seq = folded->snapshot_seq;
    out.messages = std::move(stored->messages);
    // Another node may have deployed it a moment ago.
    if (node->cluster != nullptr && !node->definitions.catalogue()->find(out.state->digest))
      node->learn_definitions();
    return out;
  };
  read(std::move(from_store), [this, id](Loaded out) mutable { loaded(id, std::move(out)); });
}

void Partition::loaded(const InstanceId& id, Loaded out) {
  --loading_;
  const auto found = residents_.find(id);
  SEQUENT_ASSERT(found != residents_.end() && found->second.loading);
  Resident& resident = found->second;
  std::optional<Error> error = std::move(out.broken);
  if (!error && !out.state)
    error = Error{.code = ErrorCode::not_found, .detail = "There is no run " + id.text() + "."};
  if (!error) {
    resident.program = node_->definitions.catalogue()->find(out.state->digest);
    if (!resident.program)
      error = Error{.code = ErrorCode::internal,
                    .detail = "The definition " + out.state->digest + " of run " + id.text() +
                              " is not in the store: deploy the version it began with."};
    else if (auto fit = machine::fits(*resident.program, *out.state); !fit)
      error =
          std::move(fit.error());  // it stays as it is in the store, and nothing goes on with it
  }
  auto jobs = std::exchange(resident.queued, {});
  if (error) {
    erase(id);  // before the jobs: one of them may make the instance
    for (auto& job : jobs) job(nullptr, &*error);
  } else {
    resident.loading = false;
    resident.state = std::move(*out.state);
    resident.snapshot_seq = out.snapshot_seq;
    resident.listening_known = false;
    settle_in(resident, std::move(out.messages));
    for (auto& job : jobs) job(&resident, nullptr);
    maybe_evict(resident);
  }
  fire_timers();  // it may have waited for room to load
}

// What the store says is durable, so open effects may be released at once.
void Partition::settle_in(Resident& resident, std::vector<StoredMessage> messages) {
  resident.durable = facts_of(resident.state);
  resident.wake_at = machine::wake_at(resident.state);
  if (resident.wake_at == 0) timers_.set(resident.id, next_timer(resident.state), false);
  if (std::ranges::any_of(resident.state.frames, [](const auto& frame) {
        return machine::waits_for_provider(frame.second);
      }))
    resident.parked = parked_calls(*resident.program, resident.state,
                                   machine::view_of(*resident.program, resident.state).deadline);
  note_children(resident);
  auto commands = machine::commands(*resident.program, resident.state);
  // A message may say how a child ended: only then is it known whether to look at the child, and
  // the batch that consumes the message will ask again.
  if (!messages.empty())
    std::erase_if(commands, [&](const machine::Command& command) {
      const auto* start = std::get_if<machine::StartChild>(&command);
      if (start != nullptr && start->child.await) resident.begun[start->frame] = start->child.id;
      return start != nullptr;
    });
  obey(resident, commands, true);
  for (const auto& message : messages)
    if (first_seen(resident, message.id)) feed_message(resident, message);
}

void Partition::take_message(const StoredMessage& message) {
  with(message.to, [this, message](Resident* resident, const Error*) {
    // One that can't be delivered now stays in the store and is found by recovery.
    if (resident != nullptr && first_seen(*resident, message.id)) feed_message(*resident, message);
  });
}

// Its row goes in the commit that holds what it led to; a message that no longer fits leads to
// nothing and goes all the same.
void Partition::feed_message(Resident& resident, const StoredMessage& message) {
  const Json& body = message.body;
  const std::string kind = text_of(body, "kind");
  const std::string reason = text_of(body, "reason");
  const std::string by = text_of(body, "by");
  gather(resident).consumed.push_back(message.id);
  if (kind == "event") {
    (void)feed(resident,
               machine::Event{machine::EventArrived{machine::make_value(body.at("event"))}});
  } else if (kind == "child") {
    machine::ChildEnded ended;
    ended.child = InstanceId::parse(text_of(body, "child")).value_or(InstanceId{});
    ended.status = machine::status_from(text_of(body, "status")).value_or(machine::Status::faulted);
    if (body.contains("output")) ended.output = machine::make_value(body.at("output"));
    if (body.contains("error")) ended.error = machine::problem_from_json(body.at("error"));
    child_ended(resident.id, std::move(ended));
  } else if (kind == "cancel" || kind == "terminate" || kind == "suspend" || kind == "resume") {
    machine::Event event =
        machine::CancelAsked{.reason = reason, .by = by, .at_once = kind == "terminate"};
    if (kind == "suspend") event = machine::SuspendAsked{reason, by};
    if (kind == "resume") event = machine::ResumeAsked{reason, by};
    (void)feed(resident, event);
    tell_children(resident, event);
  }
}

void Partition::maybe_evict(Resident& resident) {
  if (resident.loading || resident.committing || resident.gathering) return;
  // A faulted run may be repaired: its calls that are out may still tell what became of them.
  const bool over = resident.state.status == machine::Status::completed ||
                    resident.state.status == machine::Status::cancelled;
  if (!over && !resident.open.empty()) return;
  if (!machine::is_ended(resident.state.status)) {
    // At the limit even those that are due soon leave: loading them again is the price.
    const auto residents = static_cast<std::size_t>(node_->stats.resident.load());
    const bool crowded = residents > node_->config.max_resident;
    const Timestamp wake_at = machine::wake_at(resident.state);
    if (wake_at == 0 || (!crowded && wake_at < now() + imminent_ms)) return;
  }
  for (const auto& call : resident.open)
    dispatcher_->abandon(resident.id, call.frame, call.attempt);
  node_->stats.evictions.fetch_add(1);
  erase(resident.id);
  scan_on();
}

void Partition::erase(const InstanceId& id) {
  if (residents_.erase(id) > 0) node_->stats.resident.fetch_sub(1);
}

}  // namespace sequent::runtime
