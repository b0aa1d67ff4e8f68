#include "engine/repair/edit.hpp"

#include <algorithm>
#include <array>

namespace sequent::repair {
namespace {

using machine::Frame;
using machine::Phase;

int urgency(const Frame& frame) {
  if (frame.phase == Phase::faulted) return 3;
  if (frame.phase == Phase::parked) return 2;
  return frame.phase == Phase::backoff ? 1 : 0;
}

}  // namespace

const Frame* standing(const runtime::RunDetails& run, const std::string& task) {
  const auto& state = run.state;
  if (task.empty()) {
    const auto faulted = state.frames.find(state.faulted_frame);
    if (faulted != state.frames.end()) return &faulted->second;
  }
  const auto node = task.empty() ? definition::no_node : run.program->find(task);
  const Frame* best = nullptr;
  for (const auto& [id, frame] : state.frames) {
    if (task.empty() ? urgency(frame) == 0 : frame.node != node) continue;
    if (best == nullptr || urgency(frame) > urgency(*best)) best = &frame;
  }
  return best;
}

Result<Json> input_of(const runtime::RunDetails& run, const std::string& task) {
  const Frame* frame = standing(run, task);
  if (frame == nullptr || !frame->raw_input)
    return fail(ErrorCode::not_found,
                task.empty() ? "No task of the run stands still with an input that could be edited."
                             : "The task \"" + task + "\" is not under way in this run.");
  return *frame->raw_input;
}

Result<void> check_patch(const Json& patch) {
  static constexpr std::array<std::string_view, 6> verbs{"add",  "remove", "replace",
                                                         "move", "copy",   "test"};
  if (!patch.is_array() || patch.empty())
    return fail(ErrorCode::invalid_request,
                "Expected a JSON Patch (RFC 6902): a list of operations such as "
                "{\"op\": \"replace\", \"path\": \"/amount\", \"value\": 1200}.");
  for (std::size_t i = 0; i < patch.size(); ++i) {
    const auto verb = text_of(patch[i], "op");
    if (!patch[i].is_object() || std::ranges::find(verbs, verb) == verbs.end() ||
        !patch[i].contains("path"))
      return fail(ErrorCode::invalid_request,
                  "Operation " + std::to_string(i) +
                      " of the patch: expected an object with `op` (add, remove, replace, move, "
                      "copy or test) and `path`, got " +
                      dump_json(patch[i]).substr(0, 200) + ".");
  }
  return {};
}

Result<Edit> edited_input(const runtime::RunDetails& run, const std::string& task,
                          const Json& patch) {
  if (const auto fits = check_patch(patch); !fits) return std::unexpected(fits.error());
  auto before = input_of(run, task);
  if (!before) return std::unexpected(before.error());
  // The library tells a patch that does not fit by an exception.
  try {
    Edit edit{*before, before->patch(patch)};
    return edit;
  } catch (const Json::exception& refused) {
    return fail(ErrorCode::invalid_request,
                "The patch does not fit the task's input: " + std::string(refused.what()) + ".");
  }
}

}  // namespace sequent::repair
