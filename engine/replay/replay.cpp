#include "engine/replay/replay.hpp"

#include <algorithm>

#include "engine/definition/workflow_name.hpp"
#include "engine/machine/command.hpp"
#include "engine/machine/decide.hpp"
#include "engine/machine/view.hpp"
#include "engine/replay/cause.hpp"
#include "engine/replay/versions.hpp"

namespace sequent::replay {
namespace {

using machine::Event;
using machine::FrameId;

constexpr int most_continues = 100'000;  // after one thing that came from outside

bool hides(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>() == hidden;
  if (!value.is_structured()) return false;
  return std::any_of(value.begin(), value.end(), [](const Json& part) { return hides(part); });
}

/// Feeds the machine what was recorded, and lines up what it decides with what it decided then.
class Replay {
 public:
  Replay(const std::vector<Shown>& recording, const std::vector<Part>& parts)
      : recording_(recording), part_(parts.begin()), parts_(parts) {
    surroundings_.runtime = {{"name", "Sequent"}, {"version", ""}};
    surroundings_.secrets =
        [](const definition::Program& asked) -> std::expected<Json, std::string> {
      Json secrets = Json::object();
      for (const auto& name : asked.secrets) secrets[name] = hidden;
      return secrets;
    };
  }

  Outcome run();

 private:
  void step();
  void draw_as_then(const Shown& recorded);
  [[nodiscard]] std::optional<Event> cause_of(const Shown& recorded) const;
  void feed(const Event& event, Timestamp now);
  void go_on_under_next(const machine::Migrated& moved);
  void go_on(Timestamp now);
  void compare(const Shown& recorded);
  void differ(const Shown& recorded, std::string came, std::vector<Difference::Member> members);
  [[nodiscard]] std::string where_it_stands() const;

  [[nodiscard]] const definition::Program& program() const { return *part_->program; }

  const std::vector<Shown>& recording_;
  std::vector<Part>::const_iterator part_;  // where it is
  const std::vector<Part>& parts_;
  machine::Surroundings surroundings_;
  machine::State state_;
  std::vector<definition::NodeIndex> frames_;  // which task each frame is
  std::vector<Shown> decided_;                 // and not lined up yet, in order
  std::size_t taken_ = 0;                      // of them
  std::size_t next_ = 0;                       // of the recording
  Outcome outcome_;
};

Outcome Replay::run() {
  for (const auto& record : recording_) outcome_.redacted = outcome_.redacted || hides(record.json);
  for (const auto& part : parts_)
    outcome_.stretches.push_back({.version = part.version, .given = part.given});
  while (next_ < recording_.size() && !outcome_.difference) step();
  outcome_.records = next_;
  const auto& last = recording_.back();
  outcome_.ended = last.kind == "InstanceCompleted" || last.kind == "InstanceFaulted" ||
                   last.kind == "InstanceCancelled";
  // What one cause leads to is recorded whole.
  if (!outcome_.difference && taken_ < decided_.size()) {
    differ(last, sentence(meaning_of(decided_[taken_])), {});
    outcome_.difference->expected = "nothing more happens";
  }
  return std::move(outcome_);
}

void Replay::step() {
  const Shown& recorded = recording_[next_];
  if (taken_ == decided_.size()) {
    decided_.clear();
    taken_ = 0;
    if (state_.seq != 0) go_on(recorded.at);
    if (decided_.empty()) {
      const auto cause = cause_of(recorded);
      if (cause) feed(*cause, recorded.at);
    }
  }
  if (outcome_.difference) return;
  if (taken_ == decided_.size())
    return differ(recorded, "nothing happens: " + where_it_stands(), {});
  compare(recorded);
}

void Replay::compare(const Shown& recorded) {
  const Json then = meaning_of(recorded);
  Json now = meaning_of(decided_[taken_]);
  // What an older recording does not name can't differ.
  if (!then.contains("activity")) now.erase("activity");
  if (then.contains("subscriptions") && now.contains("subscriptions") &&
      then.at("subscriptions").size() == now.at("subscriptions").size())
    for (std::size_t i = 0; i < then.at("subscriptions").size(); ++i)
      if (!then.at("subscriptions")[i].contains("type")) now["subscriptions"][i].erase("type");
  auto members = differing(then, now);
  if (members.empty()) {
    draw_as_then(recorded);
    ++taken_;
    ++next_;
    return;
  }
  const bool same_step =
      then.at("step") == now.at("step") && text_of(then, "task") == text_of(now, "task");
  differ(recorded, sentence(now),
         same_step ? std::move(members) : std::vector<Difference::Member>{});
}

void Replay::differ(const Shown& recorded, std::string came,
                    std::vector<Difference::Member> members) {
  outcome_.difference = Difference{.seq = recorded.seq,
                                   .at = recorded.at,
                                   .task = names_in(text_of(recorded.json, "task")),
                                   .expected = sentence(meaning_of(recorded)),
                                   .came = std::move(came),
                                   .under = part_->given ? "" : full_name(part_->program->ref),
                                   .members = std::move(members)};
}

std::string Replay::where_it_stands() const {
  const auto view = machine::view_of(program(), state_);
  const auto task = names_in(view.task);
  std::string text = "the run is " + std::string(machine::name_of(view.status));
  if (!task.empty()) text += " at `" + task + "`";
  if (!view.waiting_for.kind.empty())
    text += ", waiting for " + view.waiting_for.kind + " " + view.waiting_for.detail;
  return text;
}

void Replay::feed(const Event& event, Timestamp now) {
  constexpr std::uint64_t random = 0;  // see draw_as_then()
  const auto records = machine::decide(program(), state_, event, now, random, surroundings_);
  const bool moves = std::holds_alternative<machine::MigrateAsked>(event);
  if (!records) {
    differ(recording_[next_], "it is refused: " + records.error().detail, {});
    if (moves && (part_ + 1)->given) outcome_.difference->under.clear();  // it is what refuses
    return;
  }
  for (const auto& record : *records) decided_.push_back(show(record, program(), frames_));
  if (moves) go_on_under_next(std::get<machine::Migrated>(records->front().body));
}

void Replay::go_on_under_next(const machine::Migrated& moved) {
  ++part_;
  for (auto& node : frames_) {
    const auto known = moved.nodes.find(node);
    node = known == moved.nodes.end() ? definition::no_node : known->second;
  }
}

std::optional<Event> Replay::cause_of(const Shown& recorded) const {
  if (recorded.kind != "Migrated") return replay::cause_of(recorded, program(), state_);
  return machine::MigrateAsked{.program = (part_ + 1)->program,
                               .reason = text_of(recorded.json, "reason"),
                               .by = text_of(recorded.json, "by")};
}

// Pure tasks that stopped at their budget.
void Replay::go_on(Timestamp now) {
  for (int i = 0; i < most_continues && !outcome_.difference; ++i) {
    bool ready = false;
    for (const auto& command : machine::commands(program(), state_))
      ready = ready || std::holds_alternative<machine::Continue>(command);
    if (!ready) return;
    const auto before = decided_.size();
    feed(machine::Continued{}, now);
    if (decided_.size() == before) return;
  }
}

// The pause before the next try is drawn by lot; here it is the one that was drawn then.
void Replay::draw_as_then(const Shown& recorded) {
  const auto due_at = recorded.json.value("retryAt", Timestamp{0});
  const auto found = state_.frames.find(recorded.json.value("frame", FrameId{0}));
  if (due_at == 0 || found == state_.frames.end()) return;
  if (found->second.phase == machine::Phase::backoff) found->second.due_at = due_at;
}

}  // namespace

Result<Outcome> replay(const Json& journal, const definition::ProgramPtr& with,
                       const FindVersion& find) {
  const auto recording = read_recording(journal);
  if (!recording) return std::unexpected(recording.error());
  const auto parts = parts_of(*recording, with, find);
  if (!parts) return std::unexpected(parts.error());
  const Json input = recording->front().json.value("rawInput", Json());
  if (const auto fits = machine::check_input(*parts->front().program, input);
      !fits && hides(input)) {
    Error error{.code = ErrorCode::invalid_input,
                .detail =
                    "Sensitive data is hidden in the journal, and the schema of the "
                    "definition refuses what stands in its place, so nothing can be "
                    "replayed. Leave metadata.sensitive out of the definition that is "
                    "recorded in tests, or replay a run without such data."};
    error.findings = fits.error().findings;
    return std::unexpected(std::move(error));
  }
  return Replay{*recording, *parts}.run();
}

}  // namespace sequent::replay
