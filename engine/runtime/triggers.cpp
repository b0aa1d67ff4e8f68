#include "engine/runtime/triggers.hpp"

#include <algorithm>

#include "engine/machine/command.hpp"

namespace sequent::runtime {
namespace {

using definition::EventFilter;
using definition::EventStrategy;
using definition::Program;

bool waits_for_several(const EventStrategy& on) {
  return on.mode == EventStrategy::Mode::all && on.filters.size() > 1;
}

// There is no run yet whose input could state an expectation, so only constants do.
bool as_expected(const Program& program, const EventFilter& filter, const Json& event,
                 Timestamp now) {
  const auto stated = [](const auto& correlation) {
    return correlation.expect_constant.has_value();
  };
  if (std::ranges::none_of(filter.correlations, stated)) return true;
  const auto values = machine::correlate(program, filter, event, now);
  return values && std::ranges::all_of(filter.correlations, [&](const auto& correlation) {
           return !correlation.expect_constant ||
                  *correlation.expect_constant == values->at(correlation.name);
         });
}

// Events come together when they agree in everything that they correlate by. A new version of a
// workflow begins its collections anew.
std::string collection_of(const Program& program, const std::string& correlation_hash) {
  return program.digest + ":" + correlation_hash;
}

std::vector<std::string> names_of(const EventFilter& filter) {
  std::vector<std::string> names;
  for (const auto& correlation : filter.correlations) names.push_back(correlation.name);
  std::ranges::sort(names);
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

}  // namespace

Triggered triggered_by(const Catalogue& catalogue, const std::vector<Catalogue::Fit>& fits,
                       const Json& event, Timestamp now) {
  Triggered found;
  for (const auto& deployed : catalogue.latest()) {
    const auto& program = deployed.program;
    const auto& on = program->schedule.on;
    if (!on) continue;
    if (on->filters.empty()) {
      found.alone.push_back(program);  // `any: []` takes every event
      continue;
    }
    IncomingEvent::Collecting set{.of = static_cast<std::uint32_t>(on->filters.size())};
    for (std::uint32_t place = 0; place < set.of; ++place)
      for (const auto& fit : fits) {
        if (fit.program != program || fit.filter != on->filters[place]) continue;
        if (!as_expected(*program, program->filters[fit.filter], event, now)) continue;
        set.places.push_back(
            {.collection = collection_of(*program, fit.correlation_hash), .place = place});
      }
    if (set.places.empty()) continue;
    if (waits_for_several(*on))
      found.shared.push_back(std::move(set));
    else
      found.alone.push_back(program);
  }
  return found;
}

ProgramPtr started_by_set(const Catalogue& catalogue, const std::string& collection) {
  return catalogue.find(collection.substr(0, collection.find(':')));
}

Result<void> check_triggers(const Program& program) {
  const auto& on = program.schedule.on;
  if (!on) return {};
  Error error;
  error.code = ErrorCode::invalid_definition;
  error.detail = "schedule.on could never start this workflow as it is written.";
  for (const auto index : on->filters) {
    const auto& filter = program.filters[index];
    for (const auto& correlation : filter.correlations)
      if (correlation.expect)
        error.findings.push_back(
            {.message = "expected a constant: there is no run yet whose input an expression reads",
             .pointer = filter.pointer + "/correlate/" + correlation.name + "/expect",
             .hint = "leave `expect` out: the events of `all` then have to agree"});
    const auto first = names_of(program.filters[on->filters.front()]);
    const auto names = names_of(filter);
    if (waits_for_several(*on) && names != first)
      error.findings.push_back(
          {.message = "expected the correlations of the first event (" + joined(first) + "), got " +
                      joined(names),
           .pointer = filter.pointer,
           .hint = "events come together when they agree in each correlation: name the same ones"});
  }
  if (on->until || !on->until_filters.empty())
    error.findings.push_back({.message = "`until` ends a listening, and a trigger never ends",
                              .pointer = "/schedule/on/until",
                              .hint = "remove it"});
  if (error.findings.empty()) return {};
  return std::unexpected(std::move(error));
}

}  // namespace sequent::runtime
