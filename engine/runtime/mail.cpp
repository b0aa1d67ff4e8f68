// Messages that other nodes have sent, or that somebody was not told of: found in the store.
//
// A message is fed once because each is read from the store by a load, or by a look at an instance that
// has been in memory since before the look and remembers what it has taken. Contents that were read
// before the instance came into memory are never used: it may have consumed them in between.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "engine/runtime/partition_read.hpp"

namespace sequent::runtime {
namespace {

constexpr std::size_t mail_page = 256;
constexpr DurationMs first_mail_pause_ms = 1'000;
constexpr DurationMs longest_mail_pause_ms = 60'000;

}  // namespace

void Partition::look_for_messages_of(InstanceId id) {
  boost::asio::post(strand_, [self = shared_from_this(), id] { self->look_at(id); });
}

void Partition::look_at(const InstanceId& id) {
  if (dropped_ || broken_) return;  // recovery finds all of them
  const auto found = residents_.find(id);
  if (found == residents_.end()) return with(id, [](Resident*, const Error*) {});  // the load looks
  auto look = [id](Store& store) {
    auto stored = store.load(id);
    return stored ? std::move(stored->messages) : std::vector<StoredMessage>{};
  };
  auto looked = [this, id,
                 number = found->second.number](const std::vector<StoredMessage>& messages) {
    const auto still = residents_.find(id);
    const bool same = still != residents_.end() && still->second.number == number;
    if (!same) {
      if (!messages.empty() && still == residents_.end()) with(id, [](Resident*, const Error*) {});
      return;
    }
    for (const auto& message : messages) take_message(message);
  };
  read(std::move(look), std::move(looked));
}

void Partition::look_for_messages() {
  boost::asio::post(strand_, [self = shared_from_this()] {
    if (self->dropped_ || self->broken_ || self->scan_ || self->scanning_mail_) return;
    if (self->now() < self->mail_after_) return;
    self->scanning_mail_ = true;
    self->mail_found_.clear();
    self->scan_mail(self->mail_read_to_);
  });
}

void Partition::scan_mail(std::optional<InstanceId> after) {
  auto find = [partition = id(), after](Store& store) {
    return store.with_messages(partition, after, mail_page);
  };
  read(std::move(find), [this](const std::vector<InstanceId>& page) { found_mail(page); });
}

// A broken run keeps its messages for ever: when nothing but such is left, it is looked at ever more
// seldom. In a cluster the next renewal comes soon and goes on with the next page: behind a backlog of
// messages that are on their way anyhow, one page of work is enough.
void Partition::found_mail(const std::vector<InstanceId>& page) {
  mail_found_.insert(page.begin(), page.end());
  for (const auto& id : page) look_at(id);
  const bool more = page.size() == mail_page;
  if (more && node_->cluster == nullptr) return scan_mail(page.back());
  mail_read_to_.reset();
  if (more) mail_read_to_ = page.back();
  scanning_mail_ = false;
  const bool stale =
      !mail_found_.empty() && std::ranges::all_of(mail_found_, [this](const InstanceId& id) {
        return stale_mail_.contains(id);
      });
  mail_pause_ms_ =
      stale ? std::clamp(mail_pause_ms_ * 2, first_mail_pause_ms, longest_mail_pause_ms) : 0;
  mail_after_ = now() + mail_pause_ms_;
  stale_mail_ = std::exchange(mail_found_, {});
}

}  // namespace sequent::runtime
