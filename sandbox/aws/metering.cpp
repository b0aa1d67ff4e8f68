// Usage records: refused by the batch, answered one by one, charged once an hour.
#include <algorithm>
#include <chrono>

#include "sandbox/aws/marketplace.hpp"

namespace sequent::sandbox::aws {

namespace {

constexpr std::size_t max_records = 25;
constexpr std::int64_t max_quantity = 2'147'483'647;
constexpr DurationMs hour_ms = 3'600'000;
constexpr DurationMs max_age_ms = 24 * hour_ms;
constexpr DurationMs max_ahead_ms = 300'000;  // a client's clock may be that much ahead
constexpr DurationMs grace_ms = hour_ms;      // for the last records after an unsubscription

Timestamp time_of(const Json& record) {
  return static_cast<Timestamp>(record.at("Timestamp").get<double>() * 1000);
}

// 06:00 UTC on the first: from then on the month before is closed.
bool month_is_closed(Timestamp at, Timestamp now) {
  const auto month_of = [](Timestamp when) {
    using namespace std::chrono;
    const year_month_day date{floor<days>(sys_time<milliseconds>{milliseconds{when}})};
    return static_cast<int>(date.year()) * 12 +
           static_cast<int>(static_cast<unsigned>(date.month()));
  };
  return month_of(at) < month_of(now - 6 * hour_ms);
}

Answer<void> check_allocations(const Json& record) {
  const auto found = record.find("UsageAllocations");
  if (found == record.end()) return {};
  if (!found->is_array() || found->empty() || found->size() > 2'500)
    return refuse("ValidationException", "UsageAllocations must have from 1 to 2500 members.");
  std::int64_t sum = 0;
  for (const auto& allocation : *found) {
    if (!allocation.is_object() || !allocation.contains("AllocatedUsageQuantity") ||
        !allocation["AllocatedUsageQuantity"].is_number_integer())
      return refuse("ValidationException", "AllocatedUsageQuantity must not be null.");
    sum += allocation["AllocatedUsageQuantity"].get<std::int64_t>();
    if (allocation.contains("Tags") && allocation["Tags"].size() > 5)
      return refuse("InvalidTagException", "An allocation can have at most 5 tags.");
  }
  if (sum != record.value("Quantity", std::int64_t{0}))
    return refuse("InvalidUsageAllocationsException",
                  "Sum of allocated usage quantities is not equal to the usage quantity.");
  return {};
}

Answer<void> check_shape(const Json& record) {
  if (!record.is_object())
    return refuse("SerializationException", "Start of structure or map found where not expected.");
  if (!record.contains("Timestamp"))
    return refuse("ValidationException", "Timestamp must not be null.");
  if (!record["Timestamp"].is_number())
    return refuse("SerializationException", "Timestamp: expected seconds since 1970 as a number.");
  const auto dimension = text_of(record, "Dimension");
  if (dimension.empty() || dimension.size() > 255)
    return refuse("ValidationException", "Dimension must have a length from 1 to 255.");
  const Json quantity = record.value("Quantity", Json(0));
  if (!quantity.is_number_integer() || quantity < 0 || quantity > max_quantity)
    return refuse("ValidationException", "Quantity must be from 0 to 2147483647.");
  const bool by_identifier = !text_of(record, "CustomerIdentifier").empty();
  const bool by_account = !text_of(record, "CustomerAWSAccountId").empty();
  if (by_identifier == by_account)
    return refuse("ValidationException",
                  "Exactly one of CustomerIdentifier and CustomerAWSAccountId is required.");
  return check_allocations(record);
}

}  // namespace

Answer<std::size_t> Marketplace::buyer_of(const Json& record, const std::string& product) const {
  const auto identifier = text_of(record, "CustomerIdentifier");
  const auto account = text_of(record, "CustomerAWSAccountId");
  const auto license = text_of(record, "LicenseArn");
  bool license_known = license.empty();
  for (std::size_t i = 0; i < buyers_.size(); ++i) {
    const Buyer& buyer = buyers_[i];
    if (!license.empty() && buyer.license_arn == license) license_known = true;
    const bool same =
        identifier.empty() ? buyer.account_id == account : buyer.identifier == identifier;
    const bool fits =
        license.empty() ? buyer.product_code == product : buyer.license_arn == license;
    if (same && fits) return i;
  }
  if (!license_known) return refuse("InvalidLicenseException", "The license is not known.");
  return refuse("InvalidCustomerIdentifierException",
                "The customer is not known for this product.");
}

Answer<void> Marketplace::check_record(const Json& record, const std::string& product,
                                       Timestamp now) const {
  const auto buyer = buyer_of(record, product);
  if (!buyer) return std::unexpected(buyer.error());
  const auto& dimensions = products_.at(buyers_[*buyer].product_code);
  if (!dimensions.contains(text_of(record, "Dimension")))
    return refuse("InvalidUsageDimensionException",
                  "The usage dimension does not match one of the dimensions of the product.");
  const auto at = time_of(record);
  const auto subscribed_at = buyers_[*buyer].subscribed_at;
  if (now - at >= max_age_ms || at > now + max_ahead_ms || month_is_closed(at, now) ||
      (subscribed_at > 0 && at < subscribed_at))
    return refuse("TimestampOutOfBoundsException",
                  "The timestamp value passed is out of the allowed range.");
  return {};
}

Json Marketplace::meter(const Json& record, const std::string& product, Timestamp now) {
  const auto which = buyer_of(record, product);
  const Buyer& buyer = buyers_[*which];
  Json result{{"UsageRecord", record}, {"Status", "CustomerNotSubscribed"}};
  const bool open = buyer.state == Subscription::subscribed ||
                    buyer.state == Subscription::ending ||
                    (buyer.state == Subscription::ended && now - buyer.ended_at < grace_ms);
  if (!open) return result;
  const auto quantity = record.value("Quantity", std::int64_t{0});
  const auto bucket = std::to_string(*which) + " " + text_of(record, "Dimension") + " " +
                      std::to_string(time_of(record) / hour_ms);
  const auto [found, fresh] = usage_.try_emplace(bucket);
  if (fresh) found->second = Usage{random_.id("", 36), quantity, record};
  result["MeteringRecordId"] = found->second.id;
  result["Status"] = found->second.quantity == quantity ? "Success" : "DuplicateRecord";
  return result;
}

// One record that is wrong refuses the whole batch, and nothing of it is charged.
Answer<Json> Marketplace::batch_meter_usage(const Json& request, Timestamp now) {
  const auto records = request.find("UsageRecords");
  if (records == request.end() || !records->is_array())
    return refuse("ValidationException", "UsageRecords must not be null.");
  if (records->size() > max_records)
    return refuse("ValidationException", "UsageRecords must have length less than or equal to 25.");
  const auto product = text_of(request, "ProductCode");
  for (const auto& record : *records) {
    if (const auto shape = check_shape(record); !shape) return std::unexpected(shape.error());
    if (product.empty() == text_of(record, "LicenseArn").empty())
      return refuse("ValidationException", "Either ProductCode or LicenseArn is required.");
  }
  if (!product.empty() && !products_.contains(product))
    return refuse("InvalidProductCodeException",
                  "The product code passed does not match the product code used for publishing.");
  for (const auto& record : *records)
    if (const auto checked = check_record(record, product, now); !checked)
      return std::unexpected(checked.error());
  Json results = Json::array();
  Json unprocessed = Json::array();
  for (const auto& record : *records) {
    if (unprocessed_ > 0) {
      --unprocessed_;
      unprocessed.push_back(record);
    } else {
      results.push_back(meter(record, product, now));
    }
  }
  return Json{{"Results", std::move(results)}, {"UnprocessedRecords", std::move(unprocessed)}};
}

}  // namespace sequent::sandbox::aws
