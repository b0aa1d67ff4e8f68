#include "simulation/network.hpp"

namespace sequent::simulation {
namespace {

constexpr DurationMs longest_detour_ms = 30'000;
constexpr DurationMs retention_ms = 600'000;
constexpr DurationMs timeout_ms = 10'000;

runtime::ActivityResult no_answer() {
  return std::unexpected(failure(machine::Outcome::unknown, 504, "no answer came in time"));
}

class Shop final : public runtime::Activity {
 public:
  Shop(runtime::ActivitySpec spec, std::shared_ptr<Network> network)
      : spec_(std::move(spec)), network_(std::move(network)) {}
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }

  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override {
    auto begin = [this, attempt = std::move(attempt),
                  input = std::move(input)](Network::Answer answer) mutable {
      network_->send(spec_, std::move(attempt), std::move(input), std::move(answer));
    };
    return runtime::ask<runtime::ActivityResult>(std::move(begin));
  }
  boost::asio::awaitable<runtime::Reconciliation> reconcile(runtime::Attempt attempt,
                                                            Json input) override {
    auto begin = [this, attempt = std::move(attempt),
                  input = std::move(input)](Network::Looked looked) mutable {
      network_->look(spec_, std::move(attempt), std::move(input), std::move(looked));
    };
    return runtime::ask<runtime::Reconciliation>(std::move(begin));
  }

 private:
  runtime::ActivitySpec spec_;
  std::shared_ptr<Network> network_;
};

}  // namespace

Network::Network(Scheduler& scheduler, Dice& dice, const Weather& weather, Provider& provider,
                 std::function<void(const runtime::Attempt&)> sent)
    : scheduler_(scheduler),
      dice_(dice),
      weather_(weather),
      provider_(provider),
      sent_(std::move(sent)) {}

void Network::forget() {
  const auto open = std::exchange(open_, {});
  const auto looking = std::exchange(looking_, {});
}

Timestamp Network::soon() {
  return scheduler_.now() + dice_.between(0, weather_.latency_ms);
}

Reaction Network::react() {
  if (dice_.chance(weather_.busy)) return Reaction::busy;
  if (dice_.chance(weather_.refused)) return Reaction::refuse;
  if (dice_.chance(weather_.failure_saved))
    return dice_.chance(500) ? Reaction::break_done : Reaction::break_undone;
  return Reaction::serve;
}

void Network::answer_at(Timestamp at, std::uint64_t number, runtime::ActivityResult result) {
  scheduler_.post_at(world_domain, at,
                     [self = shared_from_this(), number, result = std::move(result)]() mutable {
                       if (self->dead_) return;
                       const auto open = self->open_.extract(number);
                       if (!open.empty()) open.mapped()(std::move(result));
                     });
}

// `answer_to` 0: nobody hears the answer.
void Network::arrive_at(Timestamp at, const std::shared_ptr<Request>& request, Reaction reaction,
                        std::uint64_t answer_to) {
  scheduler_.post_at(world_domain, at, [self = shared_from_this(), request, reaction, answer_to] {
    auto result = self->provider_.handle(*request, reaction);
    if (answer_to != 0) self->answer_at(self->soon(), answer_to, std::move(result));
  });
}

void Network::send(const runtime::ActivitySpec& spec, runtime::Attempt attempt, Json input,
                   Answer answer) {
  const auto number = ++last_;
  open_.emplace(number, std::move(answer));
  if (dead_) return;
  sent_(attempt);
  const bool keyed = spec.key_retention_ms > 0;
  const auto gives_up = scheduler_.now() + attempt.timeout_ms;
  auto request = std::make_shared<Request>(Request{.activity = spec.name,
                                                   .keyed = keyed,
                                                   .retention_ms = spec.key_retention_ms,
                                                   .attempt = std::move(attempt),
                                                   .input = std::move(input)});
  // The time-out: whatever else happens, the activity answers by then.
  answer_at(gives_up, number, no_answer());
  if (scheduler_.now() < weather_.down_until)
    return answer_at(soon(), number,
                     std::unexpected(failure(machine::Outcome::transient, 503, "out of order")));
  if (spec.idempotent) {
    if (dice_.chance(weather_.request_lost)) return;
    return answer_at(soon(), number, Json{{"read", request->input}});
  }
  const auto reaction = react();
  if (!keyed) {
    // Without keys a request that arrives after its sender gave up would be a second effect, and
    // nobody could prevent it: so it arrives at once or never.
    if (dice_.chance(weather_.request_lost)) return;
    const bool breaks = reaction == Reaction::break_done || reaction == Reaction::break_undone;
    auto result = provider_.handle(*request, breaks ? Reaction::serve : reaction);
    if (breaks || dice_.chance(weather_.answer_lost)) return;
    return answer_at(soon(), number, std::move(result));
  }
  if (dice_.chance(weather_.request_lost)) {
    // Half of them are known not to have left.
    if (dice_.chance(500))
      answer_at(soon(), number,
                std::unexpected(failure(machine::Outcome::transient, 503, "no connection")));
    return;
  }
  if (dice_.chance(weather_.late))
    return arrive_at(gives_up + dice_.between(0, longest_detour_ms), request, reaction, 0);
  // What repeats a request on its way has heard no answer to it; one that was turned away has been
  // answered.
  if (dice_.chance(weather_.duplicated) && reaction != Reaction::busy)
    arrive_at(soon() + dice_.between(0, longest_detour_ms), request, Reaction::serve, 0);
  if (!dice_.chance(weather_.answer_lost)) return arrive_at(soon(), request, reaction, number);
  arrive_at(soon(), request, reaction, 0);
  if (dice_.chance(500)) answer_at(soon(), number, no_answer());
}

void Network::look(const runtime::ActivitySpec& spec, runtime::Attempt attempt, Json input,
                   Looked looked) {
  const auto number = ++last_;
  looking_.emplace(number, std::move(looked));
  if (dead_) return;
  const Request request{
      .activity = spec.name, .attempt = std::move(attempt), .input = std::move(input)};
  auto result = provider_.look(request);
  if (dice_.chance(weather_.look_fails)) {
    result.found = runtime::Reconciliation::Found::undecided;
    result.failure = failure(machine::Outcome::unknown, 503, "nobody could look");
  }
  scheduler_.post_at(world_domain, soon(),
                     [self = shared_from_this(), number, result = std::move(result)]() mutable {
                       if (self->dead_) return;
                       const auto open = self->looking_.extract(number);
                       if (!open.empty()) open.mapped()(std::move(result));
                     });
}

void register_activities(runtime::ActivityRegistry& registry,
                         const std::shared_ptr<Network>& network) {
  const auto spec_of = [](const char* name) {
    runtime::ActivitySpec spec;
    spec.name = name;
    spec.version = "1";
    spec.provider = "shop";
    spec.retry = {.max_attempts = 3, .initial_ms = 200, .max_ms = 2'000};
    spec.timeout_ms = timeout_ms;
    spec.key_retention_ms = retention_ms;
    return spec;
  };
  auto charge = spec_of("shop.charge");
  auto once = spec_of("shop.once");
  once.retry.max_attempts = 1;
  auto book = spec_of("shop.book");
  book.key_retention_ms = 0;
  auto read = spec_of("shop.read");
  read.idempotent = true;
  for (const auto& spec : {charge, once, book, read})
    registry.add(std::make_unique<Shop>(spec, network));
  auto put = spec_of("records.put");
  put.provider = "records";
  put.in_store = true;
  registry.add_in_store(put);
}

}  // namespace sequent::simulation
