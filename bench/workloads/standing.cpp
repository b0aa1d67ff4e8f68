#include "bench/workloads/standing.hpp"

#include <poll.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>

#include "activities/schemas.hpp"

namespace sequent::bench {
namespace {

namespace asio = boost::asio;

constexpr int away_s = 3, there_s = 8, by_hand_s = 2;

class Shaky final : public runtime::Activity {
 public:
  explicit Shaky(ShakyProvider& provider) : provider_(provider) {
    spec_.name = "bench.shaky";
    spec_.version = "1";
    spec_.provider = "shaky";
    spec_.summary = "Answers with its input, when its provider is there.";
    spec_.input_schema = Json(true);
    spec_.output_schema = Json(true);
    spec_.key_retention_ms = 24 * 3'600'000LL;
    spec_ = activities::compiled(std::move(spec_));
  }
  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt, Json input) override {
    if (provider_.call(attempt.idempotency_key)) co_return input;
    machine::Failure failure;
    failure.outcome = machine::Outcome::unknown;
    failure.problem = machine::make_problem(machine::ErrorKind::communication, "it is away");
    failure.problem.status = 503;
    co_return std::unexpected(std::move(failure));
  }

 private:
  ShakyProvider& provider_;
  runtime::ActivitySpec spec_;
};

// Each stands still for about a second.
constexpr const char* waits =
    R"(document: {dsl: 1.0.3, namespace: bench, name: waits, version: 1.0.0}
do:
  - sleep: {wait: {milliseconds: 300}}
  - both:
      fork:
        branches:
          - child: {run: {workflow: {namespace: bench, name: five, version: 1.0.0, input: {n: 1}}}}
          - nap: {wait: {milliseconds: 500}}
  - patient:
      try:
        - hear:
            timeout: {after: {milliseconds: 500}}
            listen: {to: {one: {with: {type: com.example.never}}}}
      catch: {do: [{went: {set: {heard: false}}}]}
)";

constexpr const char* talks =
    R"(document: {dsl: 1.0.3, namespace: bench, name: talks, version: 1.0.0}
do:
  - both:
      fork:
        branches:
          - hear:
              listen:
                to:
                  one:
                    with: {type: com.example.said}
                    correlate: {n: {from: .data.n, expect: "${ .n }"}}
          - speak:
              do:
                - think: {wait: {milliseconds: 200}}
                - say:
                    emit:
                      event:
                        with: {source: "https://bench.example", type: com.example.said, data: {n: "${ .n }"}}
)";

constexpr const char* calls =
    R"(document: {dsl: 1.0.3, namespace: bench, name: calls, version: 1.0.0}
do:
  - first: {call: bench.shaky, with: {n: "${ .n }"}}
  - nap: {wait: {milliseconds: 100}}
  - second: {call: bench.shaky, with: {n: "${ .n }"}}
)";

constexpr const char* asks = R"(document: {dsl: 1.0.3, namespace: bench, name: asks, version: 1.0.0}
do:
  - child: {run: {workflow: {namespace: bench, name: calls, version: 1.0.0, input: {n: "${ .n }"}}}}
)";

const std::vector<std::string> live_statuses{"pending", "running", "waiting", "suspended",
                                             "faulted"};

}  // namespace

// An answer that is lost is lost once: under the same key the provider says the same again.
bool ShakyProvider::call(const std::string& key) {
  const bool away = away_;
  const std::lock_guard lock{mutex_};
  if (!away) {
    done_[key] = true;
    return true;
  }
  if (++lost_ % 2 == 0) done_[key] = true;
  return false;
}

std::size_t ShakyProvider::effects() const {
  const std::lock_guard lock{mutex_};
  return done_.size();
}

std::unique_ptr<runtime::Activity> shaky_activity(ShakyProvider& provider) {
  return std::make_unique<Shaky>(provider);
}

const std::vector<std::string>& standing_workflows() {
  static const std::vector<std::string> names{"waits", "talks", "calls", "asks"};
  return names;
}

void deploy_standing(Node& node) {
  for (const auto* workflow : {waits, talks, calls, asks}) node.deploy(workflow);
}

Outages::Outages(Node& node, ShakyProvider& provider)
    : node_(node), provider_(provider), thread_([this] { run(); }) {}

void Outages::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

bool Outages::pause(int seconds) {
  constexpr int tenth_ms = 100;
  for (int i = 0; i < seconds * 10 && !stopping_; ++i)
    static_cast<void>(::poll(nullptr, 0, tenth_ms));
  return !stopping_;
}

void Outages::by_hand(bool open) {
  const auto change = [open](outages::Circuit& circuit, Timestamp now) -> Result<void> {
    if (open)
      outages::open_by_hand(circuit, "soak", "bench", 0, now);
    else
      outages::close_by_hand(circuit, "soak", "bench", now);
    return {};
  };
  auto changing = node_.engine().change_provider({"shaky", "*", "*"}, change);
  const auto changed = asio::co_spawn(node_.context(), std::move(changing), asio::use_future).get();
  if (!changed) give_up(changed.error().detail);
}

void Outages::run() {
  while (pause(1)) {
    provider_.go_away(true);
    ++count_;
    static_cast<void>(pause(away_s));
    provider_.go_away(false);
    if (!pause(there_s)) break;
    by_hand(true);
    ++count_;
    static_cast<void>(pause(by_hand_s));
    by_hand(false);
    static_cast<void>(pause(there_s));
  }
}

bool none_stuck(Node& node) {
  constexpr std::size_t page_size = 100;
  runtime::RunFilter filter;
  filter.stuck = true;
  filter.stuck_at = runtime::SystemClock{}.now();
  std::string cursor;
  do {
    const auto page =
        static_cast<runtime::RunQueries&>(node.store()).list(filter, cursor, page_size);
    if (!page) give_up(page.error().detail);
    for (const auto& run : page->runs)
      std::fprintf(stderr, "soak: run %s (%s/%s, %s at %s) has nothing that will wake it\n",
                   run.id.text().c_str(), run.workflow_namespace.c_str(), run.name.c_str(),
                   run.row.status.c_str(), run.row.task.c_str());
    if (!page->runs.empty()) return false;
    cursor = page->cursor;
  } while (!cursor.empty());
  return true;
}

Standing standing(Node& node) {
  Standing stands;
  runtime::RunFilter filter;
  filter.workflow_namespace = "bench";
  filter.statuses = live_statuses;
  for (const auto& name : standing_workflows()) {
    filter.name = name;
    const auto groups = node.store().aggregate(filter, {"waiting"}, 10);
    if (!groups) give_up(groups.error().detail);
    for (const auto& group : *groups) {
      stands.live += group.count;
      if (group.group.at(0) == "parked") stands.parked += group.count;
    }
  }
  return stands;
}

}  // namespace sequent::bench
