#include "cli/housekeeping.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

#include "engine/runtime/definitions.hpp"

namespace sequent::cli {
namespace {

constexpr std::size_t step = 200;         // runs or events of one transaction
constexpr DurationMs between_steps = 20;  // room for the commits of the runs
constexpr DurationMs shortest_round = 1'000, longest_round = 60'000;

// A tenth of what is kept is soon enough.
DurationMs round_of(DurationMs keep) {
  return std::clamp(keep / 10, shortest_round, longest_round);
}

std::optional<DurationMs> retention_of(const definition::Program& program) {
  const Json::json_pointer place{"/document/metadata/retention"};
  if (!program.document.contains(place) || !program.document.at(place).is_string())
    return std::nullopt;
  return parse_retention(program.document.at(place).get<std::string>());
}

}  // namespace

std::optional<DurationMs> parse_retention(std::string_view text) {
  constexpr std::pair<char, DurationMs> units[] = {
      {'s', 1'000}, {'m', 60'000}, {'h', 3'600'000}, {'d', 86'400'000}};
  constexpr std::int64_t most = 100'000;
  for (const auto& [unit, ms] : units) {
    if (text.empty() || text.back() != unit) continue;
    std::int64_t count = 0;
    const char* const end = text.data() + text.size() - 1;
    const auto read = std::from_chars(text.data(), end, count);
    if (read.ec == std::errc{} && read.ptr == end && count > 0 && count <= most) return count * ms;
  }
  const auto duration = parse_duration(text);
  if (!duration || *duration <= 0) return std::nullopt;
  return duration;
}

Housekeeping::Housekeeping(runtime::Engine& engine, runtime::Retention& store,
                           const runtime::Clock& clock, std::optional<DurationMs> keep)
    : engine_(engine), store_(store), clock_(clock), keep_(keep) {}

void Housekeeping::start() {
  thread_ = std::thread{[this] { run(); }};
}

void Housekeeping::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Housekeeping::wait(DurationMs time) {
  std::unique_lock lock{mutex_};
  return !stopped_.wait_for(lock, std::chrono::milliseconds{time}, [&] { return stopping_; });
}

void Housekeeping::run() {
  DurationMs next = shortest_round;
  while (wait(next)) {
    next = longest_round;
    try {
      next = round();
    } catch (const runtime::StoreFailure& failure) {
      spdlog::warn("old runs could not be deleted now: {}", failure.what());
    }
  }
}

// Several versions of a workflow have one name: the newest, which comes first, says how long.
DurationMs Housekeeping::round() {
  DurationMs next = longest_round;
  std::set<std::pair<std::string, std::string>> seen;
  auto programs = engine_.programs();
  std::ranges::move(engine_.catalogue()->deleted(), std::back_inserter(programs));
  for (const auto& program : programs) {
    if (!seen.emplace(program->ref.workflow_namespace, program->ref.name).second) continue;
    const auto own = retention_of(*program);
    const auto keep = own ? own : keep_;
    if (!keep) continue;
    next = std::min(next, round_of(*keep));
    clear(*program, *keep);
  }
  if (keep_) clear_events(*keep_);
  if (!engine_.catalogue()->deleted().empty()) store_.delete_definitions(clock_.now());
  return next;
}

void Housekeeping::clear(const definition::Program& program, DurationMs keep) {
  runtime::Outdated outdated;
  outdated.workflow_namespace = program.ref.workflow_namespace;
  outdated.name = program.ref.name;
  outdated.before = clock_.now() - keep;
  do {
    outdated.after = store_.delete_ended(outdated, step).next;
  } while (outdated.after && wait(between_steps));
}

void Housekeeping::clear_events(DurationMs keep) {
  const Timestamp before = clock_.now() - keep;
  while (store_.delete_events(before, step) == step && wait(between_steps)) {
  }
}

}  // namespace sequent::cli
