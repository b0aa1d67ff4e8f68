#include "engine/replay/versions.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "engine/definition/workflow_name.hpp"

namespace sequent::replay {
namespace {

std::vector<Version> versions_in(const std::vector<Shown>& recording) {
  std::vector<Version> versions;
  for (const auto& record : recording)
    if (record.kind == "InstanceStarted" || record.kind == "Migrated")
      versions.push_back({.workflow = {.workflow_namespace = text_of(record.json, "namespace"),
                                       .name = text_of(record.json, "name"),
                                       .version = text_of(record.json, "version")},
                          .digest = text_of(record.json, "digest"),
                          .from = record.seq});
  return versions;
}

Result<void> check_same_workflow(const Version& recorded, const definition::Program& given) {
  const auto was = workflow_name(recorded.workflow), is = workflow_name(given.ref);
  if (was == is) return {};
  return fail(ErrorCode::invalid_request,
              "The run was moved between versions of " + was +
                  ", so that it can only be replayed with a version of that, not with " + is + ".");
}

Result<definition::ProgramPtr> recorded_program(const Version& version, const FindVersion& find) {
  auto program = find ? find(version) : definition::ProgramPtr{};
  if (program && !*program)
    return fail(ErrorCode::not_found,
                "From record " + std::to_string(version.from) + " on the run was under " +
                    full_name(version.workflow) + " (digest " + version.digest +
                    "), whose definition is not stored any more: nothing says what it did there.");
  if (program) SEQUENT_ASSERT((*program)->digest == version.digest);
  return program;
}

}  // namespace

Result<std::vector<Part>> parts_of(const std::vector<Shown>& recording,
                                   const definition::ProgramPtr& given, const FindVersion& find) {
  std::vector<Part> parts;
  for (auto& version : versions_in(recording)) parts.push_back({.version = std::move(version)});
  if (parts.size() > 1)
    if (auto same = check_same_workflow(parts.front().version, *given); !same)
      return std::unexpected(std::move(same.error()));
  for (auto& part : parts)
    part.given = parts.size() == 1 || part.version.workflow.version == given->ref.version;
  // One that the run has never been under is tried in the place of the one that it is under now.
  if (std::ranges::none_of(parts, &Part::given)) parts.back().given = true;
  for (auto& part : parts) {
    auto program = part.given ? given : recorded_program(part.version, find);
    if (!program) return std::unexpected(std::move(program.error()));
    part.program = *std::move(program);
  }
  return parts;
}

}  // namespace sequent::replay
