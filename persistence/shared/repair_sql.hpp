#pragma once
// The statements of batches and their items.
#include <string_view>

#include "engine/runtime/repair_store.hpp"
#include "persistence/shared/run_queries.hpp"

namespace sequent::persistence::shared {

inline constexpr std::string_view insert_batch = R"sql(
  INSERT INTO repair_batch (batch_id, action, arguments, filter, where_text, item_order,
                            rate_per_hour, reason, created_by, created_at, state, updated_at,
                            finished_at, selected, select_after, detail, waves, stop_percent, wave)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'running', ?10, NULL, 0, NULL, '',
          ?11, ?12, 0)
)sql";
inline constexpr std::string_view select_batch = R"sql(
  SELECT batch_id, action, arguments, filter, where_text, item_order, rate_per_hour, reason,
         created_by, created_at, state, updated_at, finished_at, selected, detail, waves,
         stop_percent, wave
  FROM repair_batch WHERE batch_id = ?1
)sql";
inline constexpr std::string_view select_batches = R"sql(
  SELECT batch_id, action, arguments, filter, where_text, item_order, rate_per_hour, reason,
         created_by, created_at, state, updated_at, finished_at, selected, detail, waves,
         stop_percent, wave
  FROM repair_batch ORDER BY batch_id DESC LIMIT ?1
)sql";
inline constexpr std::string_view select_batches_before = R"sql(
  SELECT batch_id, action, arguments, filter, where_text, item_order, rate_per_hour, reason,
         created_by, created_at, state, updated_at, finished_at, selected, detail, waves,
         stop_percent, wave
  FROM repair_batch WHERE batch_id < ?1 ORDER BY batch_id DESC LIMIT ?2
)sql";
// However many are paused, for as long as nobody looks at them: those that run have their turn.
inline constexpr std::string_view select_open_batches = R"sql(
  SELECT batch_id, action, arguments, filter, where_text, item_order, rate_per_hour, reason,
         created_by, created_at, state, updated_at, finished_at, selected, detail, waves,
         stop_percent, wave
  FROM repair_batch WHERE finished_at IS NULL
  ORDER BY CASE state WHEN 'paused' THEN 1 ELSE 0 END, batch_id LIMIT ?1
)sql";
inline constexpr std::string_view update_state = R"sql(
  UPDATE repair_batch SET state = ?3, detail = ?4, updated_at = ?5 WHERE batch_id = ?1 AND state = ?2
)sql";
inline constexpr std::string_view update_stop = R"sql(
  UPDATE repair_batch SET stop_percent = ?2, updated_at = ?3 WHERE batch_id = ?1
)sql";
inline constexpr std::string_view set_wave = R"sql(
  UPDATE repair_batch SET wave = ?2, updated_at = ?3 WHERE batch_id = ?1
)sql";
inline constexpr std::string_view end_batch = R"sql(
  UPDATE repair_batch SET finished_at = ?2, updated_at = ?2, wave = 0,
                          state = CASE WHEN state = 'running' THEN 'finished' ELSE state END
  WHERE batch_id = ?1 AND finished_at IS NULL
)sql";

inline constexpr std::string_view unchanged_since = "i.updated_at <= ?";
inline constexpr std::string_view started_by_then = "i.started_at <= ?";
inline constexpr std::string_view older_than_run = "i.instance_id < ?";
inline constexpr std::string_view is_run = "i.instance_id = ?";
inline constexpr std::string_view select_chosen = R"sql(
  SELECT select_after, selected FROM repair_batch WHERE batch_id = ?1
)sql";
inline constexpr std::string_view set_chosen = R"sql(
  UPDATE repair_batch SET select_after = ?2, selected = ?3, updated_at = ?4 WHERE batch_id = ?1
)sql";
inline constexpr std::string_view insert_item = R"sql(
  INSERT INTO repair_item (batch_id, instance_id, state, place, seq, heard, detail, updated_at)
  VALUES (?1, ?2, 'pending', ?3, ?4, ?4, '', ?5) ON CONFLICT DO NOTHING
)sql";
inline constexpr std::string_view next_pending = R"sql(
  SELECT instance_id, state, seq, heard, detail, updated_at FROM repair_item
  WHERE batch_id = ?1 AND state = 'pending' ORDER BY place, instance_id LIMIT ?2
)sql";
// What another worker is just taking is left to it.
inline constexpr std::string_view next_pending_locked = R"sql(
  SELECT instance_id, state, seq, heard, detail, updated_at FROM repair_item
  WHERE batch_id = ?1 AND state = 'pending' ORDER BY place, instance_id LIMIT ?2
  FOR UPDATE SKIP LOCKED
)sql";
inline constexpr std::string_view mark_taken = R"sql(
  UPDATE repair_item SET state = 'taken', updated_at = ?3
  WHERE batch_id = ?1 AND instance_id = ?2 AND state = 'pending'
)sql";
inline constexpr std::string_view select_in_state = R"sql(
  SELECT instance_id, state, seq, heard, detail, updated_at FROM repair_item
  WHERE batch_id = ?1 AND instance_id > ?3 AND state = ?2 ORDER BY instance_id LIMIT ?4
)sql";
inline constexpr std::string_view select_items_of = R"sql(
  SELECT instance_id, state, seq, heard, detail, updated_at FROM repair_item
  WHERE batch_id = ?1 AND instance_id > ?2 ORDER BY instance_id LIMIT ?3
)sql";
// A stretch of repair_item_by_state, however many items there are. A run that is gone has moved too. Not
// a join: for a limit that it does not know PostgreSQL would read all runs.
inline constexpr std::string_view select_acted = R"sql(
  SELECT t.instance_id, t.state, t.seq, t.heard, t.detail, t.updated_at, t.place,
         CASE WHEN (SELECT i.last_seq FROM instance i WHERE i.instance_id = t.instance_id) <= t.heard
              THEN 0 ELSE 1 END
  FROM repair_item t
  WHERE t.batch_id = ?1 AND t.state = 'acted' AND (t.place, t.instance_id) > (?2, ?3)
  ORDER BY t.place, t.instance_id LIMIT ?4
)sql";
inline constexpr std::string_view update_aim = R"sql(
  UPDATE repair_item SET seq = ?4, heard = ?4
  WHERE batch_id = ?1 AND instance_id = ?2 AND seq = ?3 AND state = 'taken'
)sql";
inline constexpr std::string_view update_item = R"sql(
  UPDATE repair_item SET state = ?3, heard = ?4, detail = ?5, updated_at = ?6
  WHERE batch_id = ?1 AND instance_id = ?2 AND state IN ('pending', 'taken', 'acted')
)sql";
// Before the item is written: whoever comes second finds it written and adds nothing.
inline constexpr std::string_view note_taken = R"sql(
  INSERT INTO audit (at_ms, principal, action, target, reason, outcome, remote, before_json,
                     after_json)
  SELECT CAST(?3 AS BIGINT), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM repair_item
  WHERE batch_id = ?1 AND instance_id = ?2 AND state = 'taken'
)sql";
inline constexpr std::string_view note_taken_locked = R"sql(
  INSERT INTO audit (at_ms, principal, action, target, reason, outcome, remote, before_json,
                     after_json)
  SELECT CAST(?3 AS BIGINT), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM repair_item
  WHERE batch_id = ?1 AND instance_id = ?2 AND state = 'taken' FOR UPDATE
)sql";
inline constexpr std::string_view update_taken = R"sql(
  UPDATE repair_item SET state = ?3, heard = ?4, detail = ?5, updated_at = ?6
  WHERE batch_id = ?1 AND instance_id = ?2 AND state = 'taken'
)sql";
inline constexpr std::string_view count_by_state = R"sql(
  SELECT state, count(*) FROM repair_item WHERE batch_id = ?1 GROUP BY state
)sql";

/// instance_id, last_seq, started_at, deadline of the runs, newest first.
[[nodiscard]] Query matches_of(const RunCondition& condition, std::size_t limit);
/// The earliest deadline, and how many lie before `moment`.
[[nodiscard]] Query deadlines_of(const RunCondition& condition, Timestamp moment);
/// Where a run stands in a batch's order; ties by id.
[[nodiscard]] std::int64_t place_of(runtime::RepairBatch::Order order, Timestamp started_at,
                                    Timestamp deadline);

}  // namespace sequent::persistence::shared
