#pragma once
// Members of administration requests, with sentences for those that are wrong.
#include <string>

#include "base/json.hpp"

namespace sequent::sandbox::aws {

[[nodiscard]] inline std::unexpected<Error> wrong_member(const Json& body, const std::string& name,
                                                         const std::string& expected) {
  return fail(ErrorCode::invalid_request, "member \"" + name + "\": expected " + expected +
                                              ", got " + dump_json(body.value(name, Json())));
}

/// An integer from `least` to `most`; `fallback` when it is absent.
[[nodiscard]] inline Result<std::int64_t> whole_member(const Json& body, const std::string& name,
                                                       std::int64_t least, std::int64_t most,
                                                       std::int64_t fallback) {
  const auto found = body.find(name);
  if (found == body.end()) return fallback;
  if (found->is_number_integer() && *found >= least && *found <= most)
    return found->get<std::int64_t>();
  return wrong_member(body, name,
                      "an integer from " + std::to_string(least) + " to " + std::to_string(most));
}

}  // namespace sequent::sandbox::aws
