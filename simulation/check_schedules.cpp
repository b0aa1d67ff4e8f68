// What must hold of `every`, `cron` and `after` once calm has lasted long enough.
#include "engine/definition/cron.hpp"
#include "simulation/world.hpp"

namespace sequent::simulation {
namespace {

constexpr DurationMs moment_ms = 60'000;

}  // namespace

void World::check_schedules() {
  for (const auto& [digest, program] : programs_) {
    const auto& schedule = program->schedule;
    const Timestamp end = scheduler_.now() - moment_ms;
    std::vector<Timestamp> times;
    if (schedule.every)
      for (Timestamp due = began_ + schedule.every->fixed_ms; due < end;
           due += schedule.every->fixed_ms)
        times.push_back(due);
    if (!schedule.cron.empty()) {
      const auto cron = definition::Cron::parse(schedule.cron);
      SEQUENT_ASSERT(cron.has_value());
      for (auto due = cron->next_after(began_); due && *due < end; due = cron->next_after(*due))
        times.push_back(*due);
    }
    check_times(*program, times);
    if (schedule.after) check_that_it_goes_on(*program);
  }
}

// Each time once. Of those that pass while nobody leads, or that a clock which is set leaps over, the
// last one is made up for: in calm no two pass so.
void World::check_times(const definition::Program& program, const std::vector<Timestamp>& times) {
  std::map<std::string, int> started;
  for (const auto& id : store_.instances()) ++started[store_.start_of(id).idempotency_key];
  const auto& ref = program.ref;
  for (const auto due : times) {
    const auto key = "schedule:" + ref.workflow_namespace + "/" + ref.name + ":" + ref.version +
                     ":" + format_time(due);
    const int count = started[key];
    if (count > 1 || (count == 0 && due > calm_since_ + moment_ms))
      notebook_.breach("each time of a schedule starts one run",
                       key + " started " + std::to_string(count));
  }
}

// One is under way, or the last one has ended less than its pause ago.
void World::check_that_it_goes_on(const definition::Program& program) {
  Timestamp ended_at = 0;
  for (const auto& id : store_.instances()) {
    if (store_.start_of(id).name != program.ref.name) continue;
    const auto row = store_.find(id)->row;
    if (row.ended_at == 0) return;
    ended_at = std::max(ended_at, row.ended_at);
  }
  if (ended_at + program.schedule.after->fixed_ms + moment_ms < scheduler_.now())
    notebook_.breach("a schedule after its own runs goes on",
                     program.ref.name + " has stood still since " + format_time(ended_at));
}

}  // namespace sequent::simulation
