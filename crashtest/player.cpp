#include "crashtest/player.hpp"

#include "crashtest/request.hpp"

namespace sequent::crashtest {
namespace {

constexpr DurationMs down_ms = 1'000;               // between a crash and the next start
constexpr DurationMs ask_again_ms = 1'000;          // a caller's pause
constexpr int most_tries = 300;                     // of one caller
constexpr DurationMs step_patience_ms = 3'600'000;  // for the answers of one step
constexpr int most_turns = 200'000;                 // of one wait: an endless loop ends the trial
constexpr std::size_t most_listed_runs = 500;

bool has_ended(const std::string& status) {
  return status == "completed" || status == "faulted" || status == "cancelled";
}

}  // namespace

Player::Player(PlayerOptions options)
    : options_(std::move(options)),
      clock_(options_.begins_at),
      outside_(clock_, options_.seed, options_.fault) {}

Result<void> Player::start_engine() {
  LifeOptions options;
  options.folder = options_.folder;
  options.seed = options_.seed;
  options.number = ++lives_;
  options.programs = options_.programs;
  options.more_activities = options_.more_activities;
  auto begun = Life::begin(std::move(options), clock_, outside_, checkpoints_);
  if (!begun) return std::unexpected(begun.error());
  life_ = std::move(*begun);
  return {};
}

Result<void> Player::begin(const std::vector<Deployment>& deployments) {
  if (auto started = start_engine(); !started) return started;
  for (const auto& deployment : deployments)
    if (auto deployed = life_->deploy(deployment.text, deployment.file); !deployed) return deployed;
  return {};
}

// Everything that can happen at this moment happens, a crash and the start after it too.
Result<void> Player::settle() {
  for (int turn = 0; turn < most_turns; ++turn) {
    bool moved = life_->turn();
    if (life_->crashed()) {
      life_.reset();
      // Whoever waited for an answer sees its connection break.
      for (auto& delivery : deliveries_)
        if (!delivery->answered) outside_.webhook_answered(delivery->webhook, 0);
      deliveries_.clear();
      clock_.move_to(clock_.now() + down_ms);
      if (auto started = start_engine(); !started) return started;
      moved = true;
    }
    std::erase_if(deliveries_, [](const auto& delivery) { return delivery->answered; });
    moved = wakes_.run_due(clock_.now()) || moved;
    for (const auto& caller : callers_) moved = serve(caller) || moved;
    std::erase_if(callers_, [](const auto& caller) { return caller->done; });
    moved = bring_webhooks() || moved;
    if (!moved) return {};
  }
  return fail(ErrorCode::internal,
              "The scenario finds no rest: things go on happening at one "
              "moment without end.");
}

bool Player::bring_webhooks() {
  const auto due = outside_.webhooks_due();
  for (const auto& webhook : due) {
    webhooks_.push_back(webhook.send.type);
    deliver(webhook, true);
    if (webhooks_.size() == options_.duplicated_webhook) deliver(webhook, false);
  }
  return !due.empty();
}

void Player::deliver(const Outside::Webhook& webhook, bool report) {
  net::ServerRequest request;
  request.method = "POST";
  const auto url = split_url(webhook.send.url);
  request.path = url.path;
  request.query = url.query;
  request.headers.set("Content-Type", "application/json; charset=utf-8");
  request.headers.set("Stripe-Signature", webhook.send.signature);
  request.body = webhook.send.body;
  auto delivery = std::make_shared<Delivery>();
  delivery->webhook = webhook;
  if (report) deliveries_.push_back(delivery);
  life_->send(std::move(request), [this, delivery, report](const net::ServerResponse& response) {
    delivery->answered = true;
    if (report) outside_.webhook_answered(delivery->webhook, response.status);
  });
}

// Sends, judges the answer, or waits; true when something was done.
bool Player::serve(const std::shared_ptr<Caller>& caller) {
  if (caller->done) return false;
  if (caller->answer) {
    const int status = caller->answer->status;
    if (!worth_asking_again(caller->status, status) || caller->tries >= most_tries) {
      caller->done = true;
      return true;
    }
    caller->answer.reset();
    caller->life = 0;
    caller->again_at = clock_.now() + ask_again_ms;
    wakes_.add(caller->again_at, [] {});
    return true;
  }
  const bool asked = caller->life == life_->number();
  if (asked || caller->again_at > clock_.now()) return false;
  caller->life = life_->number();
  ++caller->tries;
  life_->send(caller->request,
              [caller](const net::ServerResponse& response) { caller->answer = response; });
  return true;
}

bool Player::move_clock(Timestamp limit) {
  std::optional<Timestamp> next;
  const auto consider = [&](std::optional<Timestamp> at) {
    if (at) next = next ? std::min(*next, *at) : *at;
  };
  consider(life_->agenda().next());
  consider(wakes_.next());
  consider(outside_.next_due());
  if (clock_.now() >= limit) return false;
  clock_.move_to(std::clamp(next.value_or(limit), clock_.now() + 1, limit));
  return true;
}

Result<bool> Player::run_until(const std::function<bool()>& done, Timestamp limit) {
  for (int turn = 0; turn < most_turns; ++turn) {
    if (auto settled = settle(); !settled) return std::unexpected(settled.error());
    if (done()) return true;
    if (!move_clock(limit)) return false;
  }
  return fail(ErrorCode::internal, "The scenario did not come to its end within " +
                                       std::to_string(most_turns) + " turns.");
}

Result<void> Player::play(const ScenarioFile& file, const Scenario& scenario) {
  Json known = Json::object();
  for (const auto& step : scenario.steps) {
    auto made = make_step(file, step, known);
    if (made) continue;
    made.error().detail = file.file + ":" + std::to_string(step.line) + ": step " + step.name +
                          ": " + made.error().detail;
    return made;
  }
  return {};
}

Result<void> Player::make_step(const ScenarioFile& file, const Step& step, Json& known) {
  if (auto settled = settle(); !settled) return settled;
  if (step.wait > 0) {
    const auto until = clock_.now() + step.wait;
    const auto waited = run_until([&] { return clock_.now() >= until; }, until);
    if (!waited) return std::unexpected(waited.error());
    return {};
  }
  std::vector<std::shared_ptr<Caller>> asked;
  for (std::size_t i = 0; i < step.requests.size(); ++i) {
    const auto& name = step.names[i];
    auto request = fill_request(step.requests[i], name, file, known, clock_.now());
    if (!request) return std::unexpected(request.error());
    auto caller = std::make_shared<Caller>();
    caller->request = std::move(*request);
    caller->status = step.requests[i].status;
    if (step.requests[i].to == "engine") {
      callers_.push_back(caller);
    } else {
      caller->answer = outside_.ask(step.requests[i].to, caller->request);
    }
    asked.push_back(caller);
  }
  const auto answered = [&] { return callers_.empty(); };
  const auto done = run_until(answered, clock_.now() + step_patience_ms);
  if (!done) return std::unexpected(done.error());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto& name = step.names[i];
    const auto& caller = asked[i];
    const bool compared = step.requests[i].to == "engine" && step.requests[i].compared;
    if (!caller->answer) {
      callers_.clear();
      return fail(ErrorCode::timed_out, "no answer came within an hour of the scenario's time.");
    }
    known[name] = told_by(*caller->answer);
    known["headers"][name] = headers_of(*caller->answer);
    // Several at once are told apart by nothing but chance.
    const bool alone = step.requests.size() == 1;
    if (compared && alone) answers_[name] = known[name];
    if (compared && !alone) answers_[step.name].push_back(known[name]);
    const bool done_before =
        step.requests[i].on_run && caller->tries > 1 && caller->answer->status == 409;
    if (done_before) continue;
    if (auto good = check_status(caller->status, caller->answer->status, known[name]); !good)
      return good;
  }
  return {};
}

Result<net::ServerResponse> Player::ask(net::ServerRequest request) {
  auto caller = std::make_shared<Caller>();
  caller->request = std::move(request);
  callers_.push_back(caller);
  const auto done = run_until([&] { return callers_.empty(); }, clock_.now() + step_patience_ms);
  if (!done) return std::unexpected(done.error());
  if (caller->answer) return *caller->answer;
  callers_.clear();
  return fail(ErrorCode::timed_out, "The engine did not answer to " + caller->request.method + " " +
                                        caller->request.path + ".");
}

bool Player::all_at_rest() {
  const auto page = life_->store().list(runtime::RunFilter{}, "", most_listed_runs);
  if (!page) return false;
  return std::all_of(page->runs.begin(), page->runs.end(), [](const runtime::RunSummary& run) {
    return has_ended(run.row.status) || run.row.waiting_kind == "parked";
  });
}

Result<void> Player::run_to_the_end(DurationMs patience_ms, DurationMs aftermath_ms) {
  const auto rests = [&] { return all_at_rest(); };
  const auto ended = run_until(rests, clock_.now() + patience_ms);
  if (!ended) return std::unexpected(ended.error());
  const auto until = clock_.now() + aftermath_ms;
  const auto later = run_until([&] { return clock_.now() >= until; }, until);
  if (!later) return std::unexpected(later.error());
  return {};
}

}  // namespace sequent::crashtest
