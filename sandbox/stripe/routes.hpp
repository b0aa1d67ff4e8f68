#pragma once
// The one table of the calls that the stand-in takes.
#include <functional>
#include <string>
#include <vector>

#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {

struct Route {
  std::string method;
  std::string pattern;  // "/v1/customers/{id}"
  Params params;
  std::function<Answer<Json>(const Call&)> handle;
};

struct RouteMatch {
  const Route* route = nullptr;  // null: no such URL
  std::string id;
};

[[nodiscard]] RouteMatch find_route(const std::string& method, const std::string& path);

}  // namespace sequent::sandbox::stripe
