#pragma once
// Drives one instance through the pure core: fake clock, scripted activities, no I/O. After every
// decide it proves that folding the encoded journal gives the live state.
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "engine/definition/compile.hpp"
#include "engine/machine/apply.hpp"
#include "engine/machine/codec.hpp"
#include "engine/machine/command.hpp"
#include "engine/machine/decide.hpp"
#include "engine/machine/view.hpp"

namespace sequent::machine::testing {

/// A catalog with "test.call" (retries 3 times, then parks), "test.once" (never retries) and
/// "test.shaped" (takes an amount, and more that may be left out).
class Catalog final : public definition::ActivityCatalog {
 public:
  Catalog();
  [[nodiscard]] const definition::ActivitySpec* find(std::string_view name,
                                                     std::string_view version) const override;
  [[nodiscard]] std::vector<std::string> names() const override;

 private:
  std::vector<definition::ActivitySpec> specs_;
};

/// One call that the machine asked for.
struct Call {
  std::string activity, pointer, key;
  std::uint32_t attempt = 0;
  Json arguments;
  bool unsettled = false;
};
using Answer = std::expected<Json, Failure>;

/// How a runner compiles: one interpreter, as it has one thread. Further copies would be made in
/// the background, perhaps still when the program ends.
[[nodiscard]] definition::CompileOptions compile_options(const Catalog& catalog);

/// A definition with its own `document`; a bare text is what follows a header of the runner's.
struct WholeDocument {
  std::string yaml;
};

class Runner {
 public:
  explicit Runner(const std::string& yaml);
  explicit Runner(const WholeDocument& document);

  /// What activities answer; the default echoes their arguments.
  std::function<Answer(const Call&)> answer = [](const Call& call) { return call.arguments; };
  /// What children answer; the default completes them with their input.
  std::function<ChildEnded(const ChildState&)> child;
  bool answer_calls = true;  // false: calls stay open until `answer_open()`

  [[nodiscard]] Limits& limits() { return surroundings_.limits; }
  [[nodiscard]] Surroundings& surroundings() { return surroundings_; }
  void start(Json input = Json::object());
  /// Feeds an event and everything that follows without the clock moving.
  Result<void> feed(const Event& event);
  /// Moves the clock to the next timer until nothing is due within `limit_ms`.
  void run_timers(DurationMs limit_ms = 3'600'000);
  void advance(DurationMs by);
  void answer_open();
  void publish(Json event);

  [[nodiscard]] const State& state() const { return state_; }
  [[nodiscard]] View view() const { return view_of(*program_, state_); }
  [[nodiscard]] Json output() const { return state_.output ? *state_.output : Json(nullptr); }
  [[nodiscard]] Json error() const { return state_.error ? to_json(*state_.error) : Json(nullptr); }
  [[nodiscard]] const definition::Program& program() const { return *program_; }
  [[nodiscard]] const definition::ProgramPtr& program_pointer() const { return program_; }
  [[nodiscard]] FrameId frame_at(const std::string& pointer_or_name) const;
  [[nodiscard]] std::vector<std::string> started() const;  // task names in the order of TaskStarted
  [[nodiscard]] std::vector<std::string> kinds() const;    // of all records

  std::vector<Call> calls;
  std::vector<Json> emitted;
  Records journal;
  Timestamp now = 1'700'000'000'000;

 private:
  void check_fold();
  void obey();
  Catalog catalog_;
  definition::ProgramPtr program_;
  Surroundings surroundings_;
  State state_;
  std::uint64_t random_ = 1;
  std::vector<std::pair<FrameId, std::uint32_t>> dispatched_;
};

[[nodiscard]] Failure transient(int status = 503);
[[nodiscard]] Failure unknown();
[[nodiscard]] Failure permanent(int status = 400);

}  // namespace sequent::machine::testing
