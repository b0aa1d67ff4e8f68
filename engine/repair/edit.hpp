#pragma once
// Editing the input of a task that stands still.
#include <string>

#include "engine/runtime/engine.hpp"

namespace sequent::repair {

struct Edit {
  Json before, after;
};
/// The input of the task (named, or by pointer; "" = the one that stands still) and what an RFC 6902
/// patch makes of it.
/// errors  not_found: no such task under way; invalid_request: a patch that does not fit
[[nodiscard]] Result<Edit> edited_input(const runtime::RunDetails& run, const std::string& task,
                                        const Json& patch);
/// The input that the task has now. errors  not_found
[[nodiscard]] Result<Json> input_of(const runtime::RunDetails& run, const std::string& task);
/// The frame of that task that stands still ("" = whichever does); null = there is none.
[[nodiscard]] const machine::Frame* standing(const runtime::RunDetails& run,
                                             const std::string& task);
/// errors  invalid_request: no JSON Patch
[[nodiscard]] Result<void> check_patch(const Json& patch);

}  // namespace sequent::repair
