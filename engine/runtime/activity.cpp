#include "engine/runtime/activity.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::runtime {

void note_request_id(const std::shared_ptr<std::string>& into, std::string_view id) {
  constexpr std::size_t longest = 128;
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 127; });
  if (into != nullptr && !id.empty() && plain && id.size() <= longest) *into = id;
}

boost::asio::awaitable<Reconciliation> Activity::reconcile(Attempt attempt, Json /*input*/) {
  Reconciliation nothing;
  if (spec().idempotent) {
    nothing.found = Reconciliation::Found::absent;
    co_return nothing;
  }
  nothing.failure = Failure{
      .outcome = machine::Outcome::unknown,
      .problem = machine::make_problem(
          machine::ErrorKind::communication,
          "whether the earlier attempt of " + spec().name + " at " + attempt.task +
              " had its effect is unknown, and this activity has no way of looking: check with " +
              spec().provider + ", then retry the run or skip the task with the result"),
      .ours = true,
  };
  co_return nothing;
}

void ActivityRegistry::add(std::unique_ptr<Activity> activity) {
  SEQUENT_ASSERT(activity != nullptr);
  ActivitySpec spec = activity->spec();
  SEQUENT_ASSERT(!spec.in_store);
  const std::string name = spec.name;
  SEQUENT_ASSERT(!name.empty());
  const bool added = entries_.emplace(name, Entry{std::move(spec), std::move(activity)}).second;
  SEQUENT_ASSERT(added);  // two activities of one name: the composition root registered twice
}

void ActivityRegistry::add_in_store(ActivitySpec spec) {
  SEQUENT_ASSERT(spec.in_store || spec.emits);
  const std::string name = spec.name;
  SEQUENT_ASSERT(!name.empty());
  const bool added = entries_.emplace(name, Entry{std::move(spec), nullptr}).second;
  SEQUENT_ASSERT(added);
}

const ActivitySpec* ActivityRegistry::find(std::string_view name, std::string_view version) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return nullptr;
  // A process has one version of each activity; a workflow that pins another can't be served.
  if (!version.empty() && entry->second.spec.version != version) return nullptr;
  return &entry->second.spec;
}

std::vector<std::string> ActivityRegistry::names() const {
  std::vector<std::string> names;
  names.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;  // a map is sorted
}

Activity* ActivityRegistry::activity(std::string_view name) const {
  const auto entry = entries_.find(name);
  return entry == entries_.end() ? nullptr : entry->second.activity.get();
}

}  // namespace sequent::runtime
