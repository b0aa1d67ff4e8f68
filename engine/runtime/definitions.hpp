#pragma once
// The compiled definitions of a node, by version and by digest, with what events they may take.
// threads  any; readers take one immutable catalogue and keep it as long as they like
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/definition/compile.hpp"
#include "engine/machine/decide.hpp"
#include "engine/runtime/queries.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

using definition::ProgramPtr;
using definition::WorkflowRef;

/// -1, 0 or 1: semantic versions by precedence (semver.org 2.0.0, section 11).
[[nodiscard]] int compare_versions(std::string_view a, std::string_view b);

/// One program with the time of its deployment (schedules count from it).
struct DeployedProgram {
  ProgramPtr program;
  Timestamp deployed_at = 0;
};

class Catalogue {
 public:
  /// Not one that was deleted.
  [[nodiscard]] ProgramPtr find(const WorkflowRef& ref) const;
  /// The version that is the highest without this one; null = there is none.
  [[nodiscard]] ProgramPtr highest_but(const WorkflowRef& ref) const;
  /// Deleted ones too: runs that began under them can be read, and go on.
  [[nodiscard]] ProgramPtr find(const std::string& digest) const;
  [[nodiscard]] std::vector<ProgramPtr> all() const;
  /// Those that were deleted, while something is kept of them.
  [[nodiscard]] std::vector<ProgramPtr> deleted() const;
  [[nodiscard]] bool is_deleted(const std::string& digest) const;
  /// When it was deployed, or got its workflow's schedule back; nothing when it is not there.
  [[nodiscard]] std::optional<Timestamp> deployed_at(const ProgramPtr& program) const;
  /// The highest version of each workflow.
  [[nodiscard]] std::vector<DeployedProgram> latest() const;

  struct Fit {
    ProgramPtr program;
    std::uint32_t filter = 0;
    std::string correlation_hash;
  };
  /// Every filter of every definition that `event` (a CloudEvent envelope) fits.
  [[nodiscard]] std::vector<Fit> fits(const Json& event, Timestamp now) const;

 private:
  friend class Definitions;
  struct Filter {
    ProgramPtr program;
    std::uint32_t index = 0;
  };
  /// The one of that digest that is known already, or this.
  const ProgramPtr& know(const ProgramPtr& program);
  void put(const DeployedProgram& deployed);
  std::unordered_map<std::string, ProgramPtr> by_digest_;  // deleted ones too
  // "namespace/name" -> versions, highest first
  std::unordered_map<std::string, std::vector<DeployedProgram>> by_name_;
  // "" = filters without a type. Deleted ones too: a run that began at the last moment may listen.
  std::unordered_map<std::string, std::vector<Filter>> by_type_;
};

class Definitions {
 public:
  [[nodiscard]] std::shared_ptr<const Catalogue> catalogue() const;
  void add(const DeployedProgram& deployed);
  /// One that was deleted is there again; one that is there has another time of deployment.
  void add(const std::vector<DeployedProgram>& deployed);
  /// No start finds them any more.
  void retire(const std::vector<ProgramPtr>& programs);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Catalogue> catalogue_ = std::make_shared<const Catalogue>();
};

}  // namespace sequent::runtime
