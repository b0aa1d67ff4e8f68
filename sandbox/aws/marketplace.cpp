#include "sandbox/aws/marketplace.hpp"

#include <algorithm>
#include <array>

#include "sandbox/aws/members.hpp"
#include "sandbox/controls.hpp"

namespace sequent::sandbox::aws {

namespace {

constexpr std::int64_t default_ttl_seconds = 3'600;  // AWS does not publish it
constexpr std::int64_t most_seconds = 1'000'000'000;
constexpr std::size_t max_page = 25;

const char* name_of(Subscription state) {
  switch (state) {
    case Subscription::pending:
      return "pending";
    case Subscription::subscribed:
      return "subscribed";
    case Subscription::ending:
      return "unsubscribe-pending";
    case Subscription::ended:
      return "unsubscribed";
    case Subscription::failed:
      return "failed";
  }
  return "?";
}

bool is_true(const Json& body, const char* name) {
  return body.contains(name) && body[name] == true;
}

// {"CUSTOMER_IDENTIFIER": ["1", "2"], …}: within one name any value fits, between names all must.
bool passes(const Json& entitlement, const Json& filter) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> members = {
      {{"CUSTOMER_IDENTIFIER", "CustomerIdentifier"},
       {"CUSTOMER_AWS_ACCOUNT_ID", "CustomerAWSAccountId"},
       {"DIMENSION", "Dimension"},
       {"LICENSE_ARN", "LicenseArn"}}};
  for (const auto& [name, member] : members) {
    const auto values = filter.find(name);
    if (values == filter.end()) continue;
    const auto have = text_of(entitlement, member);
    if (std::find(values->begin(), values->end(), have) == values->end()) return false;
  }
  return true;
}

Answer<void> check_filter(const Json& filter) {
  if (!filter.is_object())
    return refuse("InvalidParameterException", "Filter must be a map of names to values.");
  for (const auto& [name, values] : filter.items()) {
    if (name != "CUSTOMER_IDENTIFIER" && name != "CUSTOMER_AWS_ACCOUNT_ID" && name != "DIMENSION" &&
        name != "LICENSE_ARN")
      return refuse("InvalidParameterException", "Unknown filter " + name + ".");
    if (!values.is_array() || values.empty())
      return refuse("InvalidParameterException", "Filter values must not be empty.");
  }
  if (filter.contains("CUSTOMER_IDENTIFIER") && filter.contains("CUSTOMER_AWS_ACCOUNT_ID"))
    return refuse("InvalidParameterException",
                  "CUSTOMER_IDENTIFIER and CUSTOMER_AWS_ACCOUNT_ID exclude each other.");
  return {};
}

}  // namespace

Json Buyer::to_json() const {
  Json json{{"CustomerAWSAccountId", account_id}, {"ProductCode", product_code}};
  if (!identifier.empty()) json["CustomerIdentifier"] = identifier;
  if (!license_arn.empty()) json["LicenseArn"] = license_arn;
  return json;
}

Marketplace::Marketplace(std::uint64_t seed) : random_(seed) {
  products_["sandbox-product"] = {"PlusAccount", "BusinessAccount", "EnterpriseAccount"};
}

std::optional<std::size_t> Marketplace::find_buyer(const std::string& identifier) const {
  for (std::size_t i = 0; i < buyers_.size(); ++i)
    if (!identifier.empty() && buyers_[i].identifier == identifier) return i;
  return std::nullopt;
}

Answer<Json> Marketplace::resolve_customer(const Json& request, Timestamp now) {
  const auto text = text_of(request, "RegistrationToken");
  if (text.empty()) return refuse("ValidationException", "RegistrationToken must not be null.");
  const auto found = tokens_.find(text);
  if (found == tokens_.end())
    return refuse("InvalidTokenException", "Registration token is invalid.");
  Token& token = found->second;
  if (token.expires_at <= now || (token.single_use && token.redeemed > 0))
    return refuse("ExpiredTokenException",
                  "The submitted registration token has expired. Retry with a new token.");
  ++token.redeemed;
  return buyers_[token.buyer].to_json();
}

Answer<Json> Marketplace::get_entitlements(const Json& request) const {
  const auto product = text_of(request, "ProductCode");
  if (product.empty()) return refuse("InvalidParameterException", "ProductCode must not be null.");
  if (!products_.contains(product))
    return refuse("InvalidParameterException", "The product code is not known.");
  const Json filter = request.value("Filter", Json::object());
  if (const auto checked = check_filter(filter); !checked) return std::unexpected(checked.error());
  const Json most = request.value("MaxResults", Json(max_page));
  if (!most.is_number_integer() || most < 1 || most > max_page)
    return refuse("InvalidParameterException", "MaxResults must be from 1 to 25.");
  std::size_t at = 0;
  const auto cursor = text_of(request, "NextToken");
  if (!cursor.empty()) {
    if (!cursor.starts_with("page-") || cursor.size() > 14 ||
        cursor.find_first_not_of("0123456789", 5) != std::string::npos || cursor.size() == 5)
      return refuse("InvalidParameterException", "NextToken is not valid.");
    at = std::stoul(cursor.substr(5));
  }
  // As in the real service the filter comes after the page: a page may be empty and have a next.
  Json page = Json::array();
  const auto end = std::min(entitlements_.size(), at + most.get<std::size_t>());
  for (; at < end; ++at)
    if (text_of(entitlements_[at], "ProductCode") == product && passes(entitlements_[at], filter))
      page.push_back(entitlements_[at]);
  Json answer{{"Entitlements", std::move(page)}};
  if (end < entitlements_.size()) answer["NextToken"] = "page-" + std::to_string(end);
  return answer;
}

Result<Json> Marketplace::add_product(const Json& body) {
  if (const auto known = only_members(body, {"code", "dimensions"}); !known)
    return std::unexpected(known.error());
  const auto code = text_of(body, "code");
  const Json dimensions = body.value("dimensions", Json());
  if (code.empty()) return wrong_member(body, "code", "a text");
  if (!dimensions.is_array()) return wrong_member(body, "dimensions", "an array of texts");
  std::set<std::string> names;
  for (const auto& one : dimensions) {
    if (!one.is_string()) return wrong_member(body, "dimensions", "an array of texts");
    names.insert(one.get<std::string>());
  }
  products_[code] = std::move(names);
  return body;
}

Result<Json> Marketplace::add_token(const Json& body, Timestamp now) {
  if (const auto known = only_members(body, {"customerIdentifier", "productCode", "concurrent",
                                             "subscribed", "ttlSeconds", "singleUse"});
      !known)
    return std::unexpected(known.error());
  const auto product = text_of(body, "productCode", "sandbox-product");
  if (!products_.contains(product)) return wrong_member(body, "productCode", "a known product");
  const auto ttl = whole_member(body, "ttlSeconds", 0, most_seconds, default_ttl_seconds);
  if (!ttl) return std::unexpected(ttl.error());
  auto which = find_buyer(text_of(body, "customerIdentifier"));
  if (!which) {
    Buyer buyer;
    const auto number = std::to_string(100'000'000'001 + buyers_.size());
    buyer.account_id = number;
    buyer.product_code = product;
    if (is_true(body, "concurrent")) {
      buyer.license_arn = "arn:aws:license-manager::" + number + ":license:l-" + random_.id("", 32);
    } else {
      buyer.identifier = text_of(body, "customerIdentifier", random_.id("cust-", 11));
    }
    which = buyers_.size();
    buyers_.push_back(std::move(buyer));
  }
  Buyer& buyer = buyers_[*which];
  if (is_true(body, "subscribed") && buyer.state != Subscription::subscribed) {
    buyer.state = Subscription::subscribed;
    buyer.subscribed_at = now - 86'400'000;  // so that usage of the hours before is welcome
  }
  const auto text = random_.id("token+", 40) + "/==";
  tokens_[text] = Token{*which, now + *ttl * 1'000, is_true(body, "singleUse"), 0};
  Json json = buyer.to_json();
  json["token"] = text;
  return json;
}

Result<Json> Marketplace::add_entitlement(const Json& body, Timestamp now) {
  if (const auto known =
          only_members(body, {"customerIdentifier", "dimension", "value", "expiresInSeconds"});
      !known)
    return std::unexpected(known.error());
  const auto which = find_buyer(text_of(body, "customerIdentifier"));
  if (!which) return wrong_member(body, "customerIdentifier", "a known customer");
  const Json value = body.value("value", Json());
  const char* kind = value.is_number_integer() ? "IntegerValue"
                     : value.is_number()       ? "DoubleValue"
                     : value.is_boolean()      ? "BooleanValue"
                     : value.is_string()       ? "StringValue"
                                               : nullptr;
  if (kind == nullptr) return wrong_member(body, "value", "a number, true, false or a text");
  const auto lasts = whole_member(body, "expiresInSeconds", 0, most_seconds, 31'536'000);
  if (!lasts) return std::unexpected(lasts.error());
  const Buyer& buyer = buyers_[*which];
  Json entitlement = buyer.to_json();
  entitlement["Dimension"] = text_of(body, "dimension", "PlusAccount");
  entitlement["Value"] = Json{{kind, value}};
  entitlement["ExpirationDate"] = static_cast<double>(now / 1'000 + *lasts);
  entitlements_.push_back(entitlement);
  return entitlement;
}

Result<Json> Marketplace::leave_unprocessed(const Json& body) {
  if (const auto known = only_members(body, {"records"}); !known)
    return std::unexpected(known.error());
  const auto records = whole_member(body, "records", 0, most_seconds, 1);
  if (!records) return std::unexpected(records.error());
  unprocessed_ = *records;
  return Json{{"records", *records}};
}

Result<Json> Marketplace::notify(const Json& body, Timestamp now) {
  const auto action = text_of(body, "action");
  const auto which = find_buyer(text_of(body, "customerIdentifier"));
  if (!which) return wrong_member(body, "customerIdentifier", "a known customer");
  Buyer& buyer = buyers_[*which];
  if (action == "subscribe-success") {
    buyer.state = Subscription::subscribed;
    buyer.subscribed_at = now;
  } else if (action == "subscribe-fail") {
    buyer.state = Subscription::failed;
  } else if (action == "unsubscribe-pending") {
    buyer.state = Subscription::ending;
  } else if (action == "unsubscribe-success") {
    buyer.state = Subscription::ended;
    buyer.ended_at = now;
  } else if (action != "entitlement-updated") {
    return wrong_member(
        body, "action",
        "subscribe-success, subscribe-fail, unsubscribe-pending, unsubscribe-success or "
        "entitlement-updated");
  }
  Json notification{{"action", action},
                    {"customer-identifier", buyer.identifier},
                    {"product-code", buyer.product_code}};
  if (body.contains("offerIdentifier")) notification["offer-identifier"] = body["offerIdentifier"];
  if (action.starts_with("subscribe"))
    notification["isFreeTrialTermPresent"] = is_true(body, "freeTrial") ? "true" : "false";
  return notification;
}

Json Marketplace::to_json() const {
  Json buyers = Json::array();
  for (const auto& buyer : buyers_) {
    Json json = buyer.to_json();
    json["subscription"] = name_of(buyer.state);
    buyers.push_back(std::move(json));
  }
  Json usage = Json::array();
  for (const auto& [bucket, one] : usage_)
    usage.push_back({{"MeteringRecordId", one.id}, {"UsageRecord", one.record}});
  return {{"customers", std::move(buyers)},
          {"usage", std::move(usage)},
          {"entitlements", entitlements_},
          {"tokens", tokens_.size()}};
}

}  // namespace sequent::sandbox::aws
