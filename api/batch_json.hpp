#pragma once
// Batches as they are asked for and told.
#include "api/context.hpp"

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
[[nodiscard]] Json batch_json(const runtime::RepairBatch& batch,
                              const runtime::RepairCounts& counts);

}  // namespace sequent::api
