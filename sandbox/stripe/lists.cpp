#include <algorithm>

#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::int64_t default_limit = 10;

bool created_within(const Json& filter, std::int64_t created) {
  if (filter.is_number()) return created == filter.get<std::int64_t>();
  for (const auto& [bound, value] : filter.items()) {
    const auto limit = value.get<std::int64_t>();
    if (bound == "gt" && created <= limit) return false;
    if (bound == "gte" && created < limit) return false;
    if (bound == "lt" && created >= limit) return false;
    if (bound == "lte" && created > limit) return false;
  }
  return true;
}

bool among(const Json& values, const Json& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool subscription_has_price(const Json& subscription, const Json& price) {
  const Json& items = subscription.at("items").at("data");
  return std::any_of(items.begin(), items.end(),
                     [&](const Json& item) { return item.at("price").at("id") == price; });
}

bool invoice_of_subscription(const Json& invoice, const Json& id) {
  const Json& parent = invoice.at("parent");
  return parent.is_object() && parent.at("subscription_details").at("subscription") == id;
}

bool within_period(const Json& subscription, const std::string& name, const Json& range) {
  const Json& items = subscription.at("items").at("data");
  return !items.empty() && created_within(range, items.at(0).at(name).get<std::int64_t>());
}

bool has_members(const Json& object, const Json& wanted) {
  if (!object.is_object()) return false;
  for (const auto& [name, value] : wanted.items())
    if (object.value(name, Json()) != value) return false;
  return true;
}

bool matches(const std::string& kind, const Json& object, const std::string& name,
             const Json& value) {
  if (name == "created") return created_within(value, object.at("created").get<std::int64_t>());
  if (name == "types") return among(value, object.at("type"));
  if (name == "lookup_keys") return among(value, object.at("lookup_key"));
  if (name == "ids") return among(value, object.at("id"));
  if (name == "delivery_success") return value.get<bool>() == (object.at("pending_webhooks") == 0);
  if (name == "customer_details")
    return object.at("customer_details").is_object() &&
           object.at("customer_details").at("email") == value.value("email", Json());
  if (kind == "subscription" && name == "price") return subscription_has_price(object, value);
  if (kind == "subscription" && name == "status") {
    if (value == "all") return true;
    if (value == "ended")
      return object.at("status") == "canceled" || object.at("status") == "incomplete_expired";
  }
  if (kind == "subscription" && name.starts_with("current_period_"))
    return within_period(object, name, value);
  if (kind == "price" && name == "recurring") return has_members(object.at("recurring"), value);
  if (kind == "invoice_payment" && name == "payment")
    return has_members(object.at("payment"), value);
  if (name == "due_date")
    return object.at("due_date").is_number() &&
           created_within(value, object.at("due_date").get<std::int64_t>());
  if (kind == "invoice" && name == "subscription") return invoice_of_subscription(object, value);
  return object.value(name, Json()) == value;
}

bool wanted(const Call& call, const std::string& kind, const Json& object) {
  if (object.value("_deleted", false)) return false;
  // Ended subscriptions are left out unless they are asked for.
  if (kind == "subscription" && !call.params.contains("status") &&
      (object.at("status") == "canceled" || object.at("status") == "incomplete_expired"))
    return false;
  for (const auto& [name, value] : call.params.items()) {
    if (name == "limit" || name == "expand" || name == "starting_after" || name == "ending_before")
      continue;
    if (value.is_null() || !matches(kind, object, name, value)) return false;
  }
  return true;
}

Answer<std::size_t> position_of(const std::vector<const Json*>& all, const Call& call,
                                const std::string& param, const std::string& kind) {
  const auto id = call.params.at(param).get<std::string>();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Json* object) { return object->at("id") == id; });
  if (found == all.end()) return no_such(kind, id, param);
  return static_cast<std::size_t>(found - all.begin());
}

Answer<Json> page_of(const Call& call, const std::string& kind, const std::vector<const Json*>& all,
                     const std::string& url) {
  const bool after = call.params.contains("starting_after");
  const bool before = call.params.contains("ending_before");
  if (after && before)
    return bad_parameter("", "starting_after",
                         "You may give starting_after or ending_before, not both.");
  const auto limit = static_cast<std::size_t>(call.params.value("limit", default_limit));
  std::size_t from = 0;
  std::size_t to = all.size();
  if (after) {
    const auto position = position_of(all, call, "starting_after", kind);
    if (!position) return std::unexpected(position.error());
    from = *position + 1;
  }
  if (before) {
    const auto position = position_of(all, call, "ending_before", kind);
    if (!position) return std::unexpected(position.error());
    to = *position;
  }
  Json found = Json::array();
  for (std::size_t i = from; i < to; ++i)
    if (wanted(call, kind, *all[i])) found.push_back(*all[i]);
  const bool has_more = found.size() > limit;
  if (has_more && before) {
    // The page that ends just before the given object is the last one of what was found.
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(limit));
  } else if (has_more) {
    found.erase(found.begin() + static_cast<std::ptrdiff_t>(limit), found.end());
  }
  return list_of(std::move(found), has_more, url);
}

}  // namespace

Json list_of(Json data, bool has_more, const std::string& url) {
  return {{"object", "list"}, {"data", std::move(data)}, {"has_more", has_more}, {"url", url}};
}

Answer<Json> list_objects(const Call& call, const std::string& kind, const std::string& url) {
  const auto& collection = call.scene.account.kinds[kind];
  std::vector<const Json*> newest_first;
  for (auto id = collection.order.rbegin(); id != collection.order.rend(); ++id)
    newest_first.push_back(&collection.by_id.at(*id));
  return page_of(call, kind, newest_first, url);
}

Answer<Json> list_within(const Call& call, const std::string& kind, const Json& objects,
                         const std::string& url) {
  std::vector<const Json*> all;
  for (const auto& object : objects) all.push_back(&object);
  return page_of(call, kind, all, url);
}

void merge_metadata(Json& object, const Json& params) {
  const auto given = params.find("metadata");
  if (given == params.end()) return;
  Json& kept = object["metadata"];
  if (given->is_null() || !kept.is_object()) kept = Json::object();
  if (given->is_null()) return;
  for (const auto& [key, value] : given->items()) {
    if (value == "") {
      kept.erase(key);
    } else {
      kept[key] = value;
    }
  }
}

Json change_members(Json& object, const Json& params,
                    std::initializer_list<std::string_view> names) {
  Json previous = Json::object();
  for (const auto name_view : names) {
    const std::string name(name_view);
    const auto given = params.find(name);
    if (given == params.end() || object.value(name, Json()) == *given) continue;
    previous[name] = object.value(name, Json());
    object[name] = *given;
  }
  const Json metadata_before = object.value("metadata", Json());
  merge_metadata(object, params);
  if (object.value("metadata", Json()) != metadata_before) previous["metadata"] = metadata_before;
  return previous;
}

Json previous_attributes(const Json& before, const Json& after) {
  Json previous = Json::object();
  for (const auto& [name, value] : after.items()) {
    if (name.starts_with('_')) continue;
    const Json former = before.value(name, Json());
    if (former == value) continue;
    const bool whole = !former.is_object() || !value.is_object() || name == "metadata";
    if (name == "items") {
      previous[name] = {{"data", former.value("data", Json())}};
    } else {
      previous[name] = whole ? former : previous_attributes(former, value);
    }
  }
  return previous;
}

}  // namespace sequent::sandbox::stripe
