#include "sandbox/flexprice/world.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::sandbox::flexprice {

std::unexpected<ApiError> invalid(std::string message) {
  return std::unexpected(ApiError{400, "validation_error", std::move(message)});
}
std::unexpected<ApiError> not_now(std::string message) {
  return std::unexpected(ApiError{400, "invalid_operation", std::move(message)});
}
std::unexpected<ApiError> missing(const std::string& what) {
  return std::unexpected(ApiError{404, "not_found", what + " not found"});
}
std::unexpected<ApiError> taken(const std::string& what) {
  return std::unexpected(ApiError{409, "already_exists", what + " already exists"});
}

Json& Collection::add(Json object) {
  const auto id = object.at("id").get<std::string>();
  SEQUENT_ASSERT(!by_id.contains(id));
  order.push_back(id);
  return by_id.emplace(id, std::move(object)).first->second;
}

Json* Collection::find(const std::string& id) {
  const auto object = by_id.find(id);
  return object == by_id.end() ? nullptr : &object->second;
}

Json* Collection::published(const std::string& id) {
  Json* object = find(id);
  return object != nullptr && text_of(*object, "status") == "published" ? object : nullptr;
}

Json* Collection::published_with(const std::string& member, const std::string& value) {
  for (auto& [id, object] : by_id)
    if (text_of(object, "status") == "published" && text_of(object, member) == value)
      return &object;
  return nullptr;
}

Json blank(Call& call, const std::string& prefix) {
  Json object = Json::object();
  object["id"] = call.world.random.id(prefix, 26);
  object["status"] = "published";
  object["tenant_id"] = "tenant_sandbox";
  object["environment_id"] = "env_sandbox";
  object["created_at"] = format_time(call.now);
  object["updated_at"] = format_time(call.now);
  return object;
}

void copy_members(const Json& from, std::initializer_list<const char*> members, Json& to) {
  for (const char* member : members)
    if (from.contains(member) && !from.at(member).is_null()) to[member] = from.at(member);
}

void touch(Json& object, Timestamp now) {
  object["updated_at"] = format_time(now);
}

void count_made(Call& call, const std::string& kind, const std::string& what, const Json& object) {
  const auto metadata = object.find("metadata");
  const std::string key = metadata != object.end() && metadata->is_object()
                              ? text_of(*metadata, "sequent_key")
                              : std::string();
  call.log.made(kind + " " + what, kind, text_of(object, "id"), key);
}

Answer<std::string> required_text(const Json& body, const char* member) {
  const std::string text = text_of(body, member);
  if (text.empty()) return invalid(std::string(member) + " is required");
  return text;
}

Answer<void> one_of(const Json& body, const char* member,
                    std::initializer_list<std::string_view> words) {
  if (!body.contains(member) || body.at(member).is_null()) return {};
  const std::string word = text_of(body, member);
  if (std::find(words.begin(), words.end(), word) != words.end()) return {};
  return invalid("invalid " + std::string(member) + ": " + dump_json(body.at(member)));
}

bool fits(const Json& filter, const char* member, const Json& value) {
  const auto wanted = filter.find(member);
  if (wanted == filter.end() || wanted->is_null()) return true;
  if (!wanted->is_array()) return *wanted == value;
  return wanted->empty() || std::find(wanted->begin(), wanted->end(), value) != wanted->end();
}

Answer<Json> search(const Collection& collection, const Json& filter,
                    const std::function<bool(const Json&)>& keep) {
  const Json limit = filter.value("limit", Json(50));
  const Json offset = filter.value("offset", Json(0));
  if (!limit.is_number_integer() || limit < 1 || limit > 1000)
    return invalid("limit must be between 1 and 1000");
  if (!offset.is_number_integer() || offset < 0) return invalid("offset must not be negative");
  const std::string status = text_of(filter, "status", "published");
  std::vector<const Json*> found;
  for (const auto& id : collection.order) {
    const Json& object = collection.by_id.at(id);
    if (text_of(object, "status") == status && keep(object)) found.push_back(&object);
  }
  if (text_of(filter, "order", "desc") == "desc") std::reverse(found.begin(), found.end());
  Json items = Json::array();
  for (std::size_t i = offset.get<std::size_t>();
       i < found.size() && items.size() < limit.get<std::size_t>(); ++i)
    items.push_back(*found[i]);
  return Json{{"items", items},
              {"pagination", {{"total", found.size()}, {"limit", limit}, {"offset", offset}}}};
}

Answer<void> check_prices(const Call& call, const std::string& entity_id,
                          const std::string& currency, const std::string& period) {
  if (call.world.price_everything) return {};
  bool any = false;
  for (const Price& price : call.world.prices) {
    if (price.entity_id != entity_id) continue;
    any = true;
    const bool same = (currency.empty() || price.currency == currency) &&
                      (period.empty() || price.billing_period == period);
    if (same) return {};
  }
  return invalid(any ? "no valid prices found for the currency and billing period"
                     : "no prices found for " + entity_id);
}

Answer<Json*> ambiguous_subscription(Call& call, const std::string& id) {
  Json* subscription = call.world.subscriptions.published(id);
  if (subscription != nullptr) return subscription;
  if (call.world.random.uniform() < 0.5) return missing("subscription " + id);
  return std::unexpected(ApiError{500, "database_error", "failed to get subscription"});
}

bool is_live(const Json& subscription) {
  return text_of(subscription, "status") == "published" &&
         text_of(subscription, "subscription_status") != "cancelled";
}

const std::vector<Route>& routes() {
  static const std::vector<Route> all = [] {
    std::vector<Route> joined;
    for (const auto& part : {customer_routes(), catalog_routes(), subscription_routes(),
                             change_routes(), integration_routes()})
      joined.insert(joined.end(), part.begin(), part.end());
    return joined;
  }();
  return all;
}

}  // namespace sequent::sandbox::flexprice
