#include "engine/definition/workflow_name.hpp"

namespace sequent::definition {

std::string workflow_name(const WorkflowRef& ref) {
  return ref.workflow_namespace + "/" + ref.name;
}

std::string full_name(const WorkflowRef& ref) {
  return workflow_name(ref) + (ref.version.empty() ? "" : ":" + ref.version);
}

}  // namespace sequent::definition
