#include "crashtest/virtual_time.hpp"

#include <boost/asio/post.hpp>

namespace sequent::crashtest {
namespace {

class AgendaAlarm final : public runtime::Alarm {
 public:
  AgendaAlarm(std::shared_ptr<Agenda> agenda, boost::asio::any_io_executor executor)
      : agenda_(std::move(agenda)), executor_(std::move(executor)) {}
  ~AgendaAlarm() override { cancel(); }

  void set(Timestamp at, std::function<void()> ring) override {
    cancel();
    entry_ = agenda_->add(
        at, [executor = executor_, ring = std::move(ring)] { boost::asio::post(executor, ring); });
  }
  void cancel() override {
    if (entry_) agenda_->remove(*entry_);
    entry_.reset();
  }

 private:
  std::shared_ptr<Agenda> agenda_;
  boost::asio::any_io_executor executor_;
  std::optional<Agenda::Entry> entry_;
};

class AgendaAlarmClock final : public runtime::AlarmClock {
 public:
  explicit AgendaAlarmClock(std::shared_ptr<Agenda> agenda) : agenda_(std::move(agenda)) {}
  std::unique_ptr<runtime::Alarm> make(boost::asio::any_io_executor executor) override {
    return std::make_unique<AgendaAlarm>(agenda_, std::move(executor));
  }

 private:
  std::shared_ptr<Agenda> agenda_;
};

}  // namespace

Agenda::Entry Agenda::add(Timestamp at, std::function<void()> act) {
  const Entry entry{at, ++last_};
  entries_.emplace(entry, std::move(act));
  return entry;
}

std::optional<Timestamp> Agenda::next() const {
  if (entries_.empty()) return std::nullopt;
  return entries_.begin()->first.first;
}

bool Agenda::run_due(Timestamp now) {
  bool ran = false;
  while (!entries_.empty() && entries_.begin()->first.first <= now) {
    const auto act = std::move(entries_.begin()->second);
    entries_.erase(entries_.begin());
    act();
    ran = true;
  }
  return ran;
}

std::unique_ptr<runtime::AlarmClock> alarms_on(std::shared_ptr<Agenda> agenda) {
  return std::make_unique<AgendaAlarmClock>(std::move(agenda));
}

}  // namespace sequent::crashtest
