#pragma once
// Plays a scenario: makes its requests as patient callers do, brings the webhooks, moves the clock
// when nothing else is left to do, and starts the engine again after a crash.
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crashtest/life.hpp"
#include "crashtest/trial.hpp"

namespace sequent::crashtest {

struct PlayerOptions {
  std::string folder;
  std::uint64_t seed = 1;
  Timestamp begins_at = 0;
  CallFault fault;
  std::size_t duplicated_webhook = 0;  // number, from 1; 0 = none
  std::shared_ptr<Programs> programs;
  MoreActivities more_activities;
};

class Player {
 public:
  explicit Player(PlayerOptions options);

  /// Starts the first engine and deploys; what is durable from here on is a checkpoint.
  [[nodiscard]] Result<void> begin(const std::vector<Deployment>& deployments);
  /// Makes the steps in order. A step begins when the one before has its answers and the world rests.
  /// errors  expression: of a step, with its place in the file; unavailable: no engine starts again
  [[nodiscard]] Result<void> play(const ScenarioFile& file, const Scenario& scenario);
  /// Until every run has ended or is parked, at most `patience_ms`; then `aftermath_ms` more.
  [[nodiscard]] Result<void> run_to_the_end(DurationMs patience_ms, DurationMs aftermath_ms);
  /// One request to the engine, answered for sure.
  [[nodiscard]] Result<net::ServerResponse> ask(net::ServerRequest request);

  [[nodiscard]] Checkpoints& checkpoints() { return checkpoints_; }
  [[nodiscard]] const Checkpoints& checkpoints() const { return checkpoints_; }
  [[nodiscard]] Outside& outside() { return outside_; }
  [[nodiscard]] const Outside& outside() const { return outside_; }
  [[nodiscard]] persistence::SqliteStore& store() { return life_->store(); }
  [[nodiscard]] const std::vector<std::string>& webhooks() const { return webhooks_; }
  /// What the engine answered; every status was the expected one.
  /// shape  {step's name: body, or the list of bodies of requests at the same moment}
  [[nodiscard]] const Json& answers() const { return answers_; }

 private:
  // A request to the engine and the caller who repeats it until somebody answers.
  struct Caller {
    net::ServerRequest request;
    std::optional<int> status;  // the expected one
    std::optional<net::ServerResponse> answer;
    int life = 0;  // that has the request; 0 = none
    int tries = 0;
    Timestamp again_at = 0;
    bool done = false;
  };
  struct Delivery {
    Outside::Webhook webhook;
    int life = 0;
    bool answered = false;
  };

  [[nodiscard]] Result<void> start_engine();
  [[nodiscard]] Result<void> settle();
  [[nodiscard]] bool bring_webhooks();
  void deliver(const Outside::Webhook& webhook, bool report);
  [[nodiscard]] bool serve(const std::shared_ptr<Caller>& caller);
  [[nodiscard]] bool move_clock(Timestamp limit);
  [[nodiscard]] Result<bool> run_until(const std::function<bool()>& done, Timestamp limit);
  [[nodiscard]] Result<void> make_step(const ScenarioFile& file, const Step& step, Json& known);
  [[nodiscard]] bool all_at_rest();

  PlayerOptions options_;
  VirtualClock clock_;
  Outside outside_;
  Checkpoints checkpoints_;
  Agenda wakes_;  // of callers that wait before they ask again
  std::list<std::shared_ptr<Caller>> callers_;
  std::list<std::shared_ptr<Delivery>> deliveries_;
  std::vector<std::string> webhooks_;
  Json answers_ = Json::object();
  int lives_ = 0;
  std::unique_ptr<Life> life_;  // dies first
};

}  // namespace sequent::crashtest
