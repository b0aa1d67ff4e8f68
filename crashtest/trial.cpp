#include "crashtest/trial.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "crashtest/observe.hpp"
#include "crashtest/player.hpp"

namespace sequent::crashtest {
namespace {

constexpr Timestamp beginning = 1'800'000'000'000;    // 2027-01-15T08:00:00Z
constexpr DurationMs patience_ms = 8 * 86'400'000LL;  // for runs to end after the last step
constexpr DurationMs aftermath_ms = 600'000;          // what fires late shows within it

// Where the stores of trials are: in memory if there is room, because a store that is gone with its
// trial needs no disk. What a crash leaves is decided by CrashingStore, not by the medium.
std::filesystem::path parent_of_folders(std::error_code& failure) {
  constexpr std::uintmax_t roomy = 512u << 20;
  const std::filesystem::path memory{"/dev/shm"};
  const auto space = std::filesystem::space(memory, failure);
  if (!failure && space.available >= roomy && access(memory.c_str(), W_OK) == 0) return memory;
  return std::filesystem::temp_directory_path(failure);
}

// A folder of its own, gone with the trial.
class Folder {
 public:
  static Result<std::unique_ptr<Folder>> make() {
    std::error_code failure;
    const auto parent = parent_of_folders(failure);
    std::string name = (parent / "sequent-crashtest-XXXXXX").string();
    if (failure || mkdtemp(name.data()) == nullptr)
      return fail(ErrorCode::unavailable, "Cannot make a temporary folder like " + name + ".");
    return std::unique_ptr<Folder>(new Folder(name));
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

CallFault fault_at(const Point& point) {
  Json fault;
  switch (point.trouble) {
    case Trouble::reset:
      fault = {{"kind", "reset-before-effect"}};
      break;
    case Trouble::lost:
      fault = {{"kind", "reset-after-effect"}};
      break;
    case Trouble::broken:
      fault = {{"kind", "server-error"}, {"stored", true}, {"effect", false}};
      break;
    case Trouble::broken_after:
      fault = {{"kind", "server-error"}, {"stored", true}, {"effect", true}};
      break;
    case Trouble::none:
    case Trouble::crash_before:
    case Trouble::crash_after:
    case Trouble::duplicate:
      return {};
  }
  fault["times"] = 1;
  return {.at = point.number, .fault = std::move(fault)};
}

bool reached(const Point& point, const Player& player) {
  if (point.trouble == Trouble::none) return true;
  if (point.is_crash()) return player.checkpoints().crashed;
  if (point.trouble == Trouble::duplicate) return player.webhooks().size() >= point.number;
  return player.outside().fault_happened();
}

}  // namespace

Result<TrialResult> run_trial(const TrialPlan& plan, const Point& point) {
  const auto folder = Folder::make();
  if (!folder) return std::unexpected(folder.error());
  PlayerOptions options;
  options.folder = (*folder)->path();
  options.seed = plan.seed;
  options.begins_at = beginning;
  options.fault = fault_at(point);
  options.programs = plan.programs;
  options.more_activities = plan.more_activities;
  if (point.trouble == Trouble::duplicate) options.duplicated_webhook = point.number;
  Player player{std::move(options)};
  auto& checkpoints = player.checkpoints();
  if (point.is_crash()) {
    checkpoints.crash_at = point.number;
    checkpoints.side =
        point.trouble == Trouble::crash_before ? CrashSide::before : CrashSide::after;
  }
  if (auto begun = player.begin(plan.deployments); !begun) return std::unexpected(begun.error());
  if (auto played = player.play(plan.file, plan.scenario); !played)
    return std::unexpected(played.error());
  if (auto ended = player.run_to_the_end(patience_ms, aftermath_ms); !ended)
    return std::unexpected(ended.error());
  TrialResult result;
  result.reached = reached(point, player);
  result.checkpoints = checkpoints.seen;
  result.calls = player.outside().calls();
  result.webhooks = player.webhooks();
  if (plan.note_tasks) {
    auto completed = completed_tasks(player, *plan.programs);
    if (!completed) return std::unexpected(completed.error());
    result.completed = std::move(*completed);
  }
  auto observation = observe(player);
  if (!observation) return std::unexpected(observation.error());
  result.observation = std::move(*observation);
  return result;
}

}  // namespace sequent::crashtest
