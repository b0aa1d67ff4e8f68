#pragma once
// Everything the Flexprice stand-in knows, and what its calls work on.
#include <expected>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "sandbox/calls.hpp"
#include "sandbox/random.hpp"

namespace sequent::sandbox::flexprice {

struct ApiError {
  int status = 400;
  std::string code;
  std::string message;
};
template <class T>
using Answer = std::expected<T, ApiError>;

[[nodiscard]] std::unexpected<ApiError> invalid(std::string message);      // 400 validation_error
[[nodiscard]] std::unexpected<ApiError> not_now(std::string message);      // 400 invalid_operation
[[nodiscard]] std::unexpected<ApiError> missing(const std::string& what);  // 404 not_found
[[nodiscard]] std::unexpected<ApiError> taken(const std::string& what);    // 409 already_exists

/// The objects of one kind, oldest first. Deleted ones stay, with another status.
struct Collection {
  std::map<std::string, Json> by_id;
  std::vector<std::string> order;

  Json& add(Json object);
  [[nodiscard]] Json* find(const std::string& id);       // whatever its status
  [[nodiscard]] Json* published(const std::string& id);  // null when it is gone
  /// The published object with this value of a member.
  [[nodiscard]] Json* published_with(const std::string& member, const std::string& value);
};

struct Price {
  std::string entity_id;  // a plan's or an addon's
  std::string currency;   // "usd"
  std::string billing_period;
};

struct World {
  explicit World(std::uint64_t seed) : random(seed) {}

  Random random;
  Collection customers, plans, addons, subscriptions, associations, mappings, schedules;
  std::map<std::string, Json> events;  // by customer, time and id
  std::int64_t repeated_events = 0;
  std::vector<Price> prices;
  bool price_everything = false;  // every plan and addon has prices, whatever they are
  std::set<std::string> connections{"stripe"};  // providers that can be linked to
};

/// One call on its way.
struct Call {
  World& world;
  CallLog& log;
  Timestamp now = 0;
  std::vector<std::string> path;  // the pattern's members
  std::map<std::string, std::string> query;
  Json body = Json::object();
  int status = 200;  // of a success
};

using Handler = Answer<Json> (*)(Call& call);
struct Route {
  std::string method;
  std::string pattern;  // after /v1
  Handler handler;
};

/// The one table of the calls that the stand-in takes.
[[nodiscard]] const std::vector<Route>& routes();

[[nodiscard]] std::vector<Route> customer_routes();
[[nodiscard]] std::vector<Route> catalog_routes();
[[nodiscard]] std::vector<Route> subscription_routes();
[[nodiscard]] std::vector<Route> change_routes();
[[nodiscard]] std::vector<Route> integration_routes();

/// {id, status: published, created_at, updated_at, …} and what the body gives of `members`.
[[nodiscard]] Json blank(Call& call, const std::string& prefix);
void copy_members(const Json& from, std::initializer_list<const char*> members, Json& to);
void touch(Json& object, Timestamp now);
void count_made(Call& call, const std::string& kind, const std::string& what, const Json& object);

/// errors  validation_error: absent, no text or empty
[[nodiscard]] Answer<std::string> required_text(const Json& body, const char* member);
/// errors  validation_error: there, and none of the words
[[nodiscard]] Answer<void> one_of(const Json& body, const char* member,
                                  std::initializer_list<std::string_view> words);
/// {items, pagination} of what `keep` lets through. `status` is published unless asked otherwise.
[[nodiscard]] Answer<Json> search(const Collection& collection, const Json& filter,
                                  const std::function<bool(const Json&)>& keep);
/// True when the filter does not ask, or asks for this value, or for a list that has it.
[[nodiscard]] bool fits(const Json& filter, const char* member, const Json& value);

/// errors  validation_error in Flexprice's words, by which callers tell a plan that is still empty
[[nodiscard]] Answer<void> check_prices(const Call& call, const std::string& entity_id,
                                        const std::string& currency, const std::string& period);
/// A subscription that is there; a missing one is 404 or 500, as chance decides: the real server
/// marks that error twice and answers with either.
[[nodiscard]] Answer<Json*> ambiguous_subscription(Call& call, const std::string& id);
[[nodiscard]] bool is_live(const Json& subscription);
[[nodiscard]] Json new_subscription(Call& call, const Json& wanted, const std::string& customer_id,
                                    Timestamp start);

}  // namespace sequent::sandbox::flexprice
