// Usage in batches, with an outcome for each record.
#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <numeric>

#include "activities/aws/aws.hpp"
#include "activities/input.hpp"
#include "activities/outcomes.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::aws {

namespace {

constexpr std::size_t batch_size = 25;
constexpr int max_rounds = 3;  // for records that AWS leaves unprocessed
constexpr std::int64_t hour_seconds = 3'600;

runtime::ActivitySpec batch_spec() {
  runtime::ActivitySpec spec;
  spec.name = "aws.marketplace.batchMeterUsage";
  spec.version = "1";
  spec.provider = "aws";
  spec.summary = "Reports usage to AWS Marketplace, with an outcome for each record.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["UsageRecords"],
    "additionalProperties": false,
    "properties": {
      "ProductCode": {
        "type": "string", "minLength": 1, "maxLength": 255,
        "description": "absent where every record has a LicenseArn"
      },
      "UsageRecords": {"type": "array", "maxItems": 100, "items": {
        "type": "object",
        "required": ["Timestamp", "Dimension"],
        "additionalProperties": false,
        "oneOf": [{"required": ["CustomerIdentifier"]}, {"required": ["CustomerAWSAccountId"]}],
        "properties": {
          "Timestamp": {
            "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "format": "date-time"}]
          },
          "CustomerIdentifier": {"type": "string", "minLength": 1, "maxLength": 255},
          "CustomerAWSAccountId": {"type": "string", "pattern": "^[0-9]+$", "maxLength": 255},
          "LicenseArn": {"type": "string", "pattern": "^arn:aws"},
          "Dimension": {"type": "string", "minLength": 1, "maxLength": 255},
          "Quantity": {"type": "integer", "minimum": 0, "maximum": 2147483647},
          "UsageAllocations": {"type": "array", "minItems": 1, "maxItems": 2500, "items": {
            "type": "object",
            "required": ["AllocatedUsageQuantity"],
            "additionalProperties": false,
            "properties": {
              "AllocatedUsageQuantity": {"type": "integer", "minimum": 0, "maximum": 2147483647},
              "Tags": {"type": "array", "minItems": 1, "maxItems": 5, "items": {
                "type": "object", "required": ["Key", "Value"], "additionalProperties": false,
                "properties": {"Key": {"type": "string"}, "Value": {"type": "string"}}
              }}
            }
          }}
        }
      }}
    }
  })json");
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["Results", "Accepted", "Refused"],
    "properties": {
      "Results": {"type": "array", "items": {
        "type": "object",
        "required": ["UsageRecord", "Status"],
        "properties": {
          "UsageRecord": {"type": "object"},
          "Status": {"type": "string"},
          "MeteringRecordId": {"type": "string"},
          "Message": {"type": "string"},
          "MayBeRecorded": {"type": "boolean"}
        }
      }},
      "Accepted": {"type": "integer"},
      "Refused": {"type": "integer"}
    }
  })json");
  spec.idempotent = true;
  spec.charges = true;
  spec.timeout_ms = 120'000;  // four batches, and the halving of those that are refused
  return compiled(std::move(spec));
}

Failure invalid(std::string detail) {
  Failure failure;
  failure.outcome = Outcome::permanent;
  failure.problem = machine::make_problem(ErrorKind::validation, std::move(detail));
  return failure;
}

// The bucket in which AWS counts one record: buyer, dimension, hour.
std::string bucket_of(const Json& record) {
  const double seconds = record.value("Timestamp", 0.0);
  return text_of(record, "CustomerIdentifier") + "\n" + text_of(record, "CustomerAWSAccountId") +
         "\n" + text_of(record, "LicenseArn") + "\n" + text_of(record, "Dimension") + "\n" +
         std::to_string(static_cast<std::int64_t>(std::floor(seconds)) / hour_seconds);
}

// Codes that are about one record, although AWS refuses its whole batch.
bool is_about_a_record(const Failure& failure) {
  static constexpr std::array<std::string_view, 6> codes = {"TimestampOutOfBoundsException",
                                                            "InvalidCustomerIdentifierException",
                                                            "InvalidUsageDimensionException",
                                                            "InvalidLicenseException",
                                                            "InvalidTagException",
                                                            "InvalidUsageAllocationsException"};
  const std::string code = text_of(failure.problem.extensions, "code");
  return failure.outcome == Outcome::permanent &&
         std::find(codes.begin(), codes.end(), code) != codes.end();
}

using Batch = std::vector<std::size_t>;  // places in the input

/// The work of one attempt: which records are still to be sent in which batches, and what came back.
class Metering {
 public:
  /// errors  two records for one bucket; a license and a product code together, or neither
  static std::expected<Metering, Failure> of(const Json& input);

  [[nodiscard]] bool has_batch() const { return !batches_.empty(); }
  [[nodiscard]] Batch take_batch();
  [[nodiscard]] Json body_of(const Batch& batch) const;
  void answered(const Batch& batch, const Json& answer);
  /// The batch is tried again in halves; a single record has its outcome.
  void refused(const Batch& batch, const Failure& failure, bool unsettled);
  /// Puts what has no outcome yet into batches again. How many records that is.
  std::size_t gather();
  [[nodiscard]] Json output() const;

 private:
  std::string product_code_;
  std::vector<Json> records_;
  std::vector<Json> results_;  // null while there is none
  std::map<std::string, std::size_t> place_of_;
  std::deque<Batch> batches_;
};

std::expected<Metering, Failure> Metering::of(const Json& input) {
  Metering work;
  work.product_code_ = text_of(input, "ProductCode");
  for (Json record : input.at("UsageRecords")) {
    const auto number = std::to_string(work.records_.size());
    if (record["Timestamp"].is_string()) {
      const auto at = parse_time(text_of(record, "Timestamp"));
      if (!at)
        return std::unexpected(invalid("/UsageRecords/" + number +
                                       "/Timestamp: expected seconds since 1970 or an RFC 3339 "
                                       "time, got \"" +
                                       text_of(record, "Timestamp") + "\""));
      record["Timestamp"] = *at / 1'000;
    }
    if (record.contains("LicenseArn") == !work.product_code_.empty())
      return std::unexpected(
          invalid("/UsageRecords/" + number +
                  ": expected either ProductCode for the whole request or LicenseArn in each "
                  "record, got both or neither"));
    const auto [first, fresh] = work.place_of_.emplace(bucket_of(record), work.records_.size());
    if (!fresh)
      return std::unexpected(invalid("/UsageRecords/" + number +
                                     ": expected one record for each buyer, dimension and hour, "
                                     "got a second one beside /UsageRecords/" +
                                     std::to_string(first->second) + "; add them up first"));
    work.records_.push_back(std::move(record));
  }
  work.results_.resize(work.records_.size());
  static_cast<void>(work.gather());
  return work;
}

// The newest first: those that are too old stand together at the end, and spoil few batches.
std::size_t Metering::gather() {
  Batch left;
  for (std::size_t i = 0; i < records_.size(); ++i)
    if (results_[i].is_null()) left.push_back(i);
  std::stable_sort(left.begin(), left.end(), [this](std::size_t a, std::size_t b) {
    return records_[a]["Timestamp"] > records_[b]["Timestamp"];
  });
  for (std::size_t from = 0; from < left.size(); from += batch_size) {
    const auto to = std::min(left.size(), from + batch_size);
    batches_.emplace_back(left.begin() + static_cast<std::ptrdiff_t>(from),
                          left.begin() + static_cast<std::ptrdiff_t>(to));
  }
  return left.size();
}

Batch Metering::take_batch() {
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  return batch;
}

Json Metering::body_of(const Batch& batch) const {
  Json body = Json::object();
  if (!product_code_.empty()) body["ProductCode"] = product_code_;
  body["UsageRecords"] = Json::array();
  for (const auto place : batch) body["UsageRecords"].push_back(records_[place]);
  return body;
}

// A record that is in neither list has no outcome, as if it had been left unprocessed.
void Metering::answered(const Batch& batch, const Json& answer) {
  const auto results = answer.find("Results");
  if (results == answer.end() || !results->is_array()) return;
  for (const auto& result : *results) {
    const auto record = result.find("UsageRecord");
    if (record == result.end() || !record->is_object()) continue;
    const auto place = place_of_.find(bucket_of(*record));
    if (place == place_of_.end() ||
        std::find(batch.begin(), batch.end(), place->second) == batch.end())
      continue;
    Json& own = results_[place->second];
    own = Json::object();
    own["UsageRecord"] = records_[place->second];
    own["Status"] = text_of(result, "Status", "Unknown");
    const std::string id = text_of(result, "MeteringRecordId");
    if (!id.empty()) own["MeteringRecordId"] = id;
  }
}

void Metering::refused(const Batch& batch, const Failure& failure, bool unsettled) {
  if (batch.size() > 1) {
    const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
    batches_.emplace_front(middle, batch.end());
    batches_.emplace_front(batch.begin(), middle);
    return;
  }
  Json& own = results_[batch.front()];
  own = Json::object();
  own["UsageRecord"] = records_[batch.front()];
  own["Status"] = text_of(failure.problem.extensions, "code");
  own["Message"] = failure.problem.detail;
  // Too late says nothing of an earlier attempt that was in time and whose answer was lost.
  if (own["Status"] == "TimestampOutOfBoundsException") own["MayBeRecorded"] = unsettled;
}

Json Metering::output() const {
  std::int64_t accepted = 0;
  Json output = Json::object();
  output["Results"] = Json::array();
  for (const auto& result : results_) {
    if (result.at("Status") == "Success") ++accepted;
    output["Results"].push_back(result);
  }
  output["Accepted"] = accepted;
  output["Refused"] = static_cast<std::int64_t>(results_.size()) - accepted;
  return output;
}

Failure left_unprocessed(std::size_t records) {
  Failure failure;
  failure.outcome = Outcome::unknown;  // of the others AWS has charged some
  failure.problem = provider_problem(
      "aws", ErrorKind::communication, 503, "Records left unprocessed",
      "AWS left " + std::to_string(records) + " usage records unprocessed in " +
          std::to_string(max_rounds) + " rounds; all are sent again, which charges none twice");
  failure.problem.extensions["code"] = "UnprocessedRecords";
  return failure;
}

}  // namespace

BatchMeterUsage::BatchMeterUsage(std::shared_ptr<Client> client)
    : AwsActivity(batch_spec(), std::move(client)) {}

boost::asio::awaitable<runtime::ActivityResult> BatchMeterUsage::run(runtime::Attempt attempt,
                                                                     Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  auto work = Metering::of(input);
  if (!work) co_return std::unexpected(std::move(work.error()));
  std::size_t left = 0;
  bool charged = false;
  for (int round = 1; round <= max_rounds; ++round) {
    while (work->has_batch()) {
      const Batch batch = work->take_batch();
      Call call;
      call.service = Service::metering;
      call.operation = "BatchMeterUsage";
      call.body = work->body_of(batch);
      // Repeating charges nothing twice, but only while AWS still takes the hour: afterwards our own
      // doubt alone says that a record which is refused as late may stand there already.
      call.repeat = Repeat::guarded;
      call.timeout_ms = std::min(attempt.timeout_ms, client_->config().timeout_ms);
      call.now = attempt.now;
      call.request_id = attempt.request_id;
      const auto answer = co_await client_->send(std::move(call));
      if (answer) {
        work->answered(batch, *answer);
        charged = true;
      } else if (is_about_a_record(answer.error())) {
        work->refused(batch, answer.error(), attempt.unsettled);
      } else {
        Failure failure = answer.error();
        if (charged && failure.outcome == Outcome::transient) failure.outcome = Outcome::unknown;
        co_return std::unexpected(std::move(failure));
      }
    }
    left = work->gather();
    if (left == 0) co_return work->output();
  }
  co_return std::unexpected(left_unprocessed(left));
}

}  // namespace sequent::activities::aws
