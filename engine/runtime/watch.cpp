#include "engine/runtime/watch.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

namespace sequent::runtime {

using Notices = std::vector<RunNotice>;

// One reader's queue. Its mutex is held for a few instructions and never across a wait.
struct WatchHub::Reader {
  static constexpr std::size_t most = 1'000;

  std::optional<InstanceId> id;
  std::string request;
  std::mutex mutex;
  std::deque<RunNotice> queue;
  bool lost = false;
  bool closed = false;
  bool told = false;       // other nodes have heard of it; under the hub's mutex
  Reply<Notices> waiting;  // a next() that found nothing

  [[nodiscard]] bool wants(const RunNotice& notice) const {
    if (!request.empty())
      return std::ranges::find(notice.requests, request) != notice.requests.end();
    return !id || *id == notice.id;
  }
  Notices take() {
    Notices taken{std::make_move_iterator(queue.begin()), std::make_move_iterator(queue.end())};
    queue.clear();
    return taken;
  }
  // Answers the waiting reader; outside of the lock, because the answer may run anything.
  void answer(bool even_empty) {
    Reply<Notices> reply;
    Notices notices;
    {
      const std::lock_guard lock{mutex};
      if (!waiting || (queue.empty() && !even_empty)) return;
      reply = std::move(waiting);
      waiting = nullptr;
      notices = take();
    }
    reply(std::move(notices));
  }
};

class WatchHub::Subscription final : public Watch {
 public:
  Subscription(std::shared_ptr<WatchHub> hub, std::shared_ptr<Reader> reader)
      : hub_(std::move(hub)),
        reader_(std::move(reader)),
        strand_(boost::asio::make_strand(hub_->executor_)),
        alarm_(hub_->alarms_.make(strand_)) {}

  ~Subscription() override {
    {
      const std::lock_guard lock{hub_->mutex_};
      hub_->list_.remove(reader_);
    }
    hub_->readers_.fetch_sub(1);
    // The alarm belongs to its strand: it is taken apart there.
    boost::asio::post(strand_, [alarm = std::shared_ptr<Alarm>(std::move(alarm_))] {});
  }

  boost::asio::awaitable<Notices> next(DurationMs timeout_ms) override {
    auto begin = [reader = reader_, strand = strand_, alarm = alarm_,
                  at = hub_->clock_.now() + timeout_ms](Reply<Notices> reply) mutable {
      {
        const std::lock_guard lock{reader->mutex};
        reader->waiting = std::move(reply);
      }
      const bool closed = [&] {
        const std::lock_guard lock{reader->mutex};
        return reader->closed;
      }();
      reader->answer(closed);
      boost::asio::post(
          strand, [reader, alarm, at] { alarm->set(at, [reader] { reader->answer(true); }); });
    };
    return ask<Notices>(std::move(begin));
  }

  bool lost() override {
    const std::lock_guard lock{reader_->mutex};
    return std::exchange(reader_->lost, false);
  }

 private:
  std::shared_ptr<WatchHub> hub_;
  std::shared_ptr<Reader> reader_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::shared_ptr<Alarm> alarm_;
};

void WatchHub::publish(const RunNotice& notice) {
  if (read_here()) publish_here(notice);
  if (relays_) relayed_(notice);
}

void WatchHub::lost_here() {
  const std::lock_guard lock{mutex_};
  for (const auto& reader : list_) {
    const std::lock_guard turn{reader->mutex};
    reader->lost = true;
  }
}

void WatchHub::connect(std::function<void(const RunNotice&)> relayed,
                       std::function<void()> opened) {
  relayed_ = std::move(relayed);
  opened_ = std::move(opened);
}

WatchNote WatchHub::interests(bool only_new) {
  WatchNote note;
  const std::lock_guard lock{mutex_};
  for (const auto& reader : list_) {
    if (std::exchange(reader->told, true) && only_new) continue;
    if (!reader->request.empty())
      note.requests.push_back(reader->request);
    else if (reader->id)
      note.runs.push_back(*reader->id);
    else
      note.all = true;
  }
  return note;
}

void WatchHub::publish_here(const RunNotice& notice) {
  std::vector<std::shared_ptr<Reader>> interested;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& reader : list_)
      if (reader->wants(notice)) interested.push_back(reader);
  }
  for (const auto& reader : interested) {
    {
      const std::lock_guard lock{reader->mutex};
      if (reader->queue.size() >= Reader::most) {
        reader->queue.pop_front();
        reader->lost = true;
      }
      reader->queue.push_back(notice);
    }
    reader->answer(false);
  }
}

std::unique_ptr<Watch> WatchHub::open(std::optional<InstanceId> id) {
  auto reader = std::make_shared<Reader>();
  reader->id = id;
  return enlist(std::move(reader));
}

std::unique_ptr<Watch> WatchHub::open_request(std::string id) {
  auto reader = std::make_shared<Reader>();
  reader->request = std::move(id);
  return enlist(std::move(reader));
}

std::unique_ptr<Watch> WatchHub::enlist(std::shared_ptr<Reader> reader) {
  {
    const std::lock_guard lock{mutex_};
    reader->closed = closed_;
    list_.push_back(reader);
  }
  readers_.fetch_add(1);
  if (opened_) opened_();
  return std::make_unique<Subscription>(shared_from_this(), std::move(reader));
}

void WatchHub::close() {
  std::list<std::shared_ptr<Reader>> readers;
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    readers = list_;
  }
  for (const auto& reader : readers) {
    {
      const std::lock_guard lock{reader->mutex};
      reader->closed = true;
    }
    reader->answer(true);
  }
}

}  // namespace sequent::runtime
