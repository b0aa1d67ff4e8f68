#include "base/json_difference.hpp"

namespace sequent {

Json json_difference(const Json& before, const Json& after) {
  constexpr std::size_t most_operations = 1'000;
  Json operations = Json::diff(before, after);
  if (operations.size() > most_operations) return operations;
  Json now = before;
  for (Json& operation : operations) {
    const auto verb = text_of(operation, "op");
    const Json step = Json::array({operation});
    if (verb == "replace" || verb == "remove")
      operation["was"] = now.at(Json::json_pointer{text_of(operation, "path")});
    now.patch_inplace(step);
  }
  return operations;
}

}  // namespace sequent
