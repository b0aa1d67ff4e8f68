#include "engine/runtime/cluster.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/overloaded.hpp"
#include "engine/runtime/audience.hpp"
#include "engine/runtime/node.hpp"
#include "engine/runtime/partition.hpp"
#include "engine/runtime/remote_calls.hpp"
#include "engine/runtime/remote_waits.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

// For one node. Whoever misses something looks for himself, or reads anew.
constexpr std::size_t most_notices = 500;
constexpr std::size_t most_waits = 50'000;
// A request that is answered here within this time is nobody else's business.
constexpr DurationMs watch_delay_ms = 10;
constexpr DurationMs watch_again_ms = 5'000;

void learn_soon(const std::shared_ptr<Node>& node) {
  node->parts.reads->post([node] {
    try {
      node->learn_definitions();
    } catch (const StoreFailure&) {
      node->stats.store_failures.fetch_add(1);  // asked again with the next renewal
    }
  });
}

}  // namespace

Cluster::Cluster(const std::shared_ptr<Node>& node, Exchange& exchange)
    : owner_(node),
      exchange_(exchange),
      strand_(asio::make_strand(node->executor)),
      alarm_(node->parts.alarms->make(strand_)),
      waits_(std::make_shared<RemoteWaits>(node, strand_)),
      calls_(std::make_shared<RemoteCalls>(node, exchange, strand_)),
      audience_(std::make_shared<Audience>(node, strand_)) {}

Cluster::~Cluster() = default;

void Cluster::open() {
  const auto node = owner_.lock();
  if (!node) return;
  exchange_.listen(node->self, [weak = weak_from_this(), strand = strand_](std::string text) {
    asio::post(strand, [weak, text = std::move(text)] {
      if (const auto self = weak.lock()) self->hear(text);
    });
  });
}

void Cluster::stop() {
  asio::post(strand_, [self = shared_from_this()] {
    self->alarm_->cancel();
    self->waits_->stop();
    self->calls_->stop();
  });
}

void Cluster::close() {
  {
    const std::lock_guard lock{mutex_};
    if (std::exchange(closed_, true)) return;
  }
  const auto node = owner_.lock();
  if (node) exchange_.listen(node->self, nullptr);
}

std::string Cluster::owner_of(PartitionId id) const {
  const auto node = owner_.lock();
  const std::lock_guard lock{mutex_};
  if (!node || id >= owners_.size() || owners_[id].node == node->self) return {};
  return owners_[id].node;
}

// All nodes number themselves alike: by the names of those that own something. Who has nothing makes no
// calls, and would keep a place for ever that others need.
outages::Peers Cluster::peers_in(const Membership& membership, const std::string& self) {
  std::set<std::string> names{self};
  for (const auto& owner : membership.owners)
    if (!owner.node.empty()) names.insert(owner.node);
  outages::Peers peers;
  peers.nodes = names.size();
  peers.rank = static_cast<std::size_t>(std::distance(names.begin(), names.find(self)));
  return peers;
}

void Cluster::joined(Membership membership) {
  asio::post(strand_, [self = shared_from_this(), membership = std::move(membership)]() mutable {
    self->take(std::move(membership));
  });
}

void Cluster::take(Membership membership) {
  const auto node = owner_.lock();
  if (!node || node->closed) return;
  if (node->outages) node->outages->set_peers(peers_in(membership, node->self));
  bool moved = membership.nodes != std::exchange(nodes_, membership.nodes);
  {
    const std::lock_guard lock{mutex_};
    const auto same = [](const Membership::Owner& a, const Membership::Owner& b) {
      return a.node == b.node && a.epoch == b.epoch;
    };
    moved = moved || !std::ranges::equal(owners_, membership.owners, same);
    owners_ = std::move(membership.owners);
  }
  if (moved) {
    waits_->owners_changed();
    // A node that died may have left events that it had not yet routed.
    if (node->leads()) node->leftovers->look();
  }
  if (membership.parcels) calls_->collect();
  if (membership.definitions != node->definitions_known) learn_soon(node);
}

void Cluster::gained() {
  asio::post(strand_, [self = shared_from_this()] {
    self->waits_->owners_changed();
    self->calls_->collect();
  });
}

void Cluster::mail(const std::vector<StoredMessage>& messages) {
  std::map<std::string, MailNote> notes;
  for (const auto& message : messages) {
    const auto owner = owner_of(message.to.partition());
    // Its next owner finds them when it recovers the partition.
    if (!owner.empty()) notes[owner].runs.push_back(message.to);
  }
  for (const auto& [owner, note] : notes) tell(owner, note);
}

void Cluster::freed() {
  tell("", FreedNote{});
}

void Cluster::deployed() {
  tell("", DeployedNote{});
}

void Cluster::wait(const InstanceId& id, Until until, Timestamp deadline,
                   Reply<Result<WaitResult>> reply) {
  asio::post(strand_,
             [self = shared_from_this(), id, until, deadline, reply = std::move(reply)]() mutable {
               self->waits_->add(id, until, deadline, std::move(reply));
             });
}

void Cluster::act(const ActionRequest& request, Reply<Result<void>> reply) {
  asio::post(strand_, [self = shared_from_this(), request, reply = std::move(reply)]() mutable {
    self->calls_->act(request, std::move(reply));
  });
}

void Cluster::relay(const RunNotice& notice) {
  asio::post(strand_, [self = shared_from_this(), notice] { self->audience_->relay(notice); });
}

void Cluster::watching() {
  asio::post(strand_, [self = shared_from_this()] {
    self->fresh_watchers_ = true;
    self->set_alarm();
  });
}

void Cluster::set_alarm() {
  const auto node = owner_.lock();
  if (!node || node->closed || node->stopping) return;
  const Timestamp now = node->ports.clock.now();
  Timestamp at = INT64_MAX;
  if (node->watches->read_here()) at = std::max(now, watched_at_ + watch_again_ms);
  if (fresh_watchers_) at = std::min(at, now + watch_delay_ms);
  if (at == INT64_MAX || (alarm_at_ != 0 && alarm_at_ <= at)) return;
  alarm_at_ = at;
  alarm_->set(at, [weak = weak_from_this()] {
    const auto self = weak.lock();
    const auto owner = self ? self->owner_.lock() : nullptr;
    if (!owner || owner->closed) return;
    self->alarm_at_ = 0;
    const bool all = owner->ports.clock.now() >= self->watched_at_ + watch_again_ms;
    self->fresh_watchers_ = false;
    self->tell_watched(!all);
    self->set_alarm();
  });
}

void Cluster::tell_watched(bool only_new) {
  const auto node = owner_.lock();
  if (!node) return;
  if (!only_new) watched_at_ = node->ports.clock.now();
  auto note = node->watches->interests(only_new);
  note.from = node->self;
  if (note.all || !note.runs.empty() || !note.requests.empty()) tell("", note);
}

void Cluster::tell(const std::string& to, const NodeNote& note) {
  const std::lock_guard lock{mutex_};
  if (closed_) return;
  add(outgoing_[to], note);
  send_soon();
}

void Cluster::add(Outgoing& outgoing, const NodeNote& note) {
  const auto handlers = overloaded{
      [&](const MailNote& one) { outgoing.mail.insert(one.runs.begin(), one.runs.end()); },
      [&](const WaitNote& one) {
        if (outgoing.waits.size() < most_waits)
          std::ranges::copy(one.wanted, std::back_inserter(outgoing.waits));
      },
      [&](const SettledNote& one) { outgoing.settled.insert(one.runs.begin(), one.runs.end()); },
      [&](const WatchNote& one) {
        outgoing.watch.from = one.from;
        outgoing.watch.all = outgoing.watch.all || one.all;
        std::ranges::copy(one.runs, std::back_inserter(outgoing.watch.runs));
        std::ranges::copy(one.requests, std::back_inserter(outgoing.watch.requests));
      },
      [&](const NoticeNote& one) {
        const bool room = outgoing.notices.notices.size() < most_notices;
        if (room) std::ranges::copy(one.notices, std::back_inserter(outgoing.notices.notices));
        outgoing.notices.lost = outgoing.notices.lost || one.lost || !room;
      },
      [&](const FreedNote&) { outgoing.freed = true; },
      [&](const DeployedNote&) { outgoing.deployed = true; },
      [&](const ParcelNote&) {},  // the exchange tells it
  };
  std::visit(handlers, note);
}

// Under the lock.
void Cluster::send_soon() {
  const auto node = owner_.lock();
  if (!node || node->closed || std::exchange(sending_, true)) return;
  node->parts.cluster->post([self = shared_from_this(), node] {
    if (!node->closed) self->send_all();
  });
}

void Cluster::send_all() {
  const auto node = owner_.lock();
  std::map<std::string, Outgoing> outgoing;
  {
    const std::lock_guard lock{mutex_};
    outgoing.swap(outgoing_);
    sending_ = false;
  }
  if (!node) return;
  std::vector<Note> notes;
  for (auto& [to, one] : outgoing) {
    const auto put = [&notes, &name = to](const NodeNote& note) {
      for (auto& text : encode(note)) notes.push_back({.to = name, .text = std::move(text)});
    };
    if (one.freed) put(FreedNote{});
    if (!one.mail.empty()) put(MailNote{{one.mail.begin(), one.mail.end()}});
    if (!one.waits.empty()) put(WaitNote{node->self, std::move(one.waits)});
    if (!one.settled.empty()) put(SettledNote{{one.settled.begin(), one.settled.end()}});
    if (!one.watch.from.empty()) put(one.watch);
    if (!one.notices.notices.empty() || one.notices.lost) put(one.notices);
    if (one.deployed) put(DeployedNote{});
  }
  try {
    exchange_.tell(notes);
  } catch (const StoreFailure&) {
    node->stats.store_failures.fetch_add(1);  // lost, as any note may be
  }
}

void Cluster::hear(const std::string& text) {
  const auto node = owner_.lock();
  if (!node || node->closed) return;
  if (text.empty()) {  // some were lost
    waits_->tell_again();
    waits_->look_again();
    return node->tenure->look();
  }
  if (const auto note = decode_note(text)) heard(*note);
}

void Cluster::heard(const NodeNote& note) {
  const auto node = owner_.lock();
  if (!node) return;
  const auto handlers = overloaded{
      [&](const MailNote& one) {
        for (const auto& id : one.runs)
          if (const auto partition = node->partition(id.partition()))
            partition->look_for_messages_of(id);
      },
      [&](const WaitNote& one) { audience_->wait(one); },
      [&](const SettledNote& one) { waits_->settled(one.runs); },
      [&](const WatchNote& one) {
        if (one.from != node->self) audience_->watch(one);
      },
      [&](const NoticeNote& one) {
        for (const auto& notice : one.notices) node->watches->publish_here(notice);
        if (one.lost) node->watches->lost_here();
      },
      [&](const FreedNote&) { node->tenure->look(); },
      [&](const DeployedNote&) { learn_soon(node); },
      [&](const ParcelNote&) { calls_->collect(); },
  };
  std::visit(handlers, note);
}

}  // namespace sequent::runtime
