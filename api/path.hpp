#pragma once
// Path patterns: "/api/v1/runs/{id}:retry", "/api/stripe/accounts/{accountId}".
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sequent::api {

using Parameters = std::map<std::string, std::string>;  // name -> decoded value

/// The parameters, when `path` (percent-encoded) fits. A parameter takes one segment that is not
/// empty; before ":verb" it takes what stands in front of it. With `strict_ids` a parameter that is
/// named `id` takes letters, digits and '-' alone, so that "x:retri" is no id.
[[nodiscard]] std::optional<Parameters> match_path(std::string_view pattern, std::string_view path,
                                                   bool strict_ids = false);

/// Orders patterns that fit the same path: a literal segment counts more than a parameter.
[[nodiscard]] std::string specificity(std::string_view pattern);

/// True when the two fit exactly the same paths: they differ in the names of parameters only.
[[nodiscard]] bool same_shape(std::string_view a, std::string_view b);

/// Names of the parameters, in order.
[[nodiscard]] std::vector<std::string> parameter_names(std::string_view pattern);

}  // namespace sequent::api
