#pragma once
// The clock of one node, which is never quite right, and alarms that go by it.
#include <functional>
#include <memory>

#include "engine/runtime/parts.hpp"

namespace sequent::simulation {

class SkewedClock final : public runtime::Clock {
 public:
  SkewedClock(const runtime::Clock& clock, DurationMs skew) : clock_(clock), skew_(skew) {}
  [[nodiscard]] Timestamp now() const override { return clock_.now() + skew_; }
  /// Counts from another moment than the wall's time.
  [[nodiscard]] Timestamp elapsed() const override { return clock_.now() - 1'000'000'000'000; }
  [[nodiscard]] DurationMs skew() const { return skew_; }
  /// Somebody sets it.
  void jump(DurationMs by) { skew_ += by; }

 private:
  const runtime::Clock& clock_;
  DurationMs skew_;
};

/// Alarms sleep as long as the clock says when they are set: setting it later changes nothing.
class SkewedAlarms final : public runtime::AlarmClock {
 public:
  SkewedAlarms(std::unique_ptr<runtime::AlarmClock> alarms, const SkewedClock& clock)
      : alarms_(std::move(alarms)), clock_(clock) {}
  [[nodiscard]] std::unique_ptr<runtime::Alarm> make(
      boost::asio::any_io_executor executor) override {
    return std::make_unique<One>(alarms_->make(std::move(executor)), clock_);
  }

 private:
  class One final : public runtime::Alarm {
   public:
    One(std::unique_ptr<runtime::Alarm> alarm, const SkewedClock& clock)
        : alarm_(std::move(alarm)), clock_(clock) {}
    void set(Timestamp at, std::function<void()> ring) override {
      alarm_->set(at == INT64_MAX ? at : at - clock_.skew(), std::move(ring));
    }
    void cancel() override { alarm_->cancel(); }

   private:
    std::unique_ptr<runtime::Alarm> alarm_;
    const SkewedClock& clock_;
  };
  std::unique_ptr<runtime::AlarmClock> alarms_;
  const SkewedClock& clock_;
};

}  // namespace sequent::simulation
