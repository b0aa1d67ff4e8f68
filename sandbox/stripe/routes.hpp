#pragma once
// The one table of the calls that the stand-in takes, put together from a file for each area.
#include <functional>
#include <string>
#include <vector>

#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {

using Handle = std::function<Answer<Json>(const Call&)>;

struct Route {
  std::string method;
  std::string pattern;  // "/v1/customers/{id}"
  Params params;
  Handle handle;
  bool one_time = false;  // a repetition shall make another one: it is no effect made twice
};

struct RouteMatch {
  const Route* route = nullptr;  // null: no such URL
  std::string id;
};

[[nodiscard]] RouteMatch find_route(const std::string& method, const std::string& path);

/// GET of one object. Deleted customers are still answered, with what is left of them.
/// shown  what errors call the kind, where that differs
[[nodiscard]] Handle read(const std::string& kind, const std::string& shown = "");
/// GET of a list, see list_objects().
[[nodiscard]] Handle list_all(const std::string& kind, const std::string& url);

/// Parameters that describe a price, whatever it is made for.
[[nodiscard]] Params amount_params();
/// Parameters that describe a product made along with its price.
[[nodiscard]] Params product_data_members();

// routes_catalog.cpp
void add_catalog_routes(std::vector<Route>& routes);
// routes_subscriptions.cpp
void add_subscription_routes(std::vector<Route>& routes);
// routes_invoices.cpp
void add_invoice_routes(std::vector<Route>& routes);
// routes_connect.cpp
void add_connect_routes(std::vector<Route>& routes);
// routes_usage.cpp
void add_usage_routes(std::vector<Route>& routes);

}  // namespace sequent::sandbox::stripe
