#pragma once
// Batches as they are asked for and told.
#include "api/context.hpp"
#include "api/request.hpp"

namespace sequent::api {

struct BatchOrder {
  runtime::RepairBatch batch;
  bool dry_run = false;
};
/// errors  invalid_json, invalid_request
[[nodiscard]] Result<BatchOrder> parse_batch(const Context& context, const Call& call);

/// "50/s" of 180,000 an hour; null for 0.
[[nodiscard]] Json rate_json(std::int64_t rate_per_hour);
/// {from, to, tasks: [{from, to}]}: versions, and pointers of the tasks under way.
[[nodiscard]] Json preview_json(const runtime::MigrationPreview& preview);
/// Sensitive data in its arguments is hidden.
[[nodiscard]] Json batch_json(const Context& context, const runtime::RepairBatch& batch,
                              const runtime::RepairCounts& counts);
/// "20%", 20 or "never" as a percentage; 0 = never.
[[nodiscard]] int stop_of(const Json& value, Faults& faults);

}  // namespace sequent::api
