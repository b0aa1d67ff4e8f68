#pragma once
#include "engine/runtime/activity.hpp"

namespace sequent::activities::debug {

/// debug.echo: answers with its input.
/// shape   with {delayMs?: 0 to 600000, …anything}; output the input
/// effect  none
class Echo final : public runtime::Activity {
 public:
  Echo();
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;

 private:
  runtime::ActivitySpec spec_;
};

/// debug.fail: fails as told, for the first `times` attempts of a task; afterwards it answers.
/// shape   with {outcome?: transient|permanent|unknown, status?, times?, message?, retryAfterMs?,
///         keySpent?, found?: adopted|absent|undecided}; output {attempt}
/// errors  communication with `status` (500), outcome as told (permanent); for ever without `times`
/// effect  none; `found` is what reconcile() says that it has found
class Fail final : public runtime::Activity {
 public:
  Fail();
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;
  boost::asio::awaitable<runtime::Reconciliation> reconcile(runtime::Attempt attempt,
                                                            Json input) override;

 private:
  runtime::ActivitySpec spec_;
};

}  // namespace sequent::activities::debug
