#pragma once
// Batches and their items, the same in every database. `Store` gives `read_with(body)` and
// `write_with(body)`, which run `body(Connection&)` in a transaction and return what it returns, and
// `dialect()`.
#include <span>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "engine/runtime/repair_store.hpp"
#include "engine/runtime/where.hpp"
#include "persistence/shared/audit.hpp"
#include "persistence/shared/repair_sql.hpp"
#include "persistence/shared/run_queries.hpp"

namespace sequent::persistence::shared {

using runtime::ActedItem;
using runtime::HeardItems;
using runtime::ItemPlace;
using runtime::RepairBatch;
using runtime::RepairCounts;
using runtime::RepairItem;

template <class Rows>
RepairBatch batch_of(const Rows& rows) {
  RepairBatch batch;
  batch.id = rows.text(0);
  batch.action = rows.text(1);
  batch.arguments = stored_json(rows.view(2));
  auto filter = runtime::filter_of(stored_json(rows.view(3)));
  SEQUENT_ASSERT(filter.has_value());  // we wrote it
  batch.filter = *std::move(filter);
  batch.where = rows.text(4);
  const auto order = runtime::batch_order_from(rows.view(5));
  const auto state = runtime::batch_state_from(rows.view(10));
  SEQUENT_ASSERT(order && state);
  batch.order = *order;
  batch.rate_per_hour = rows.integer(6);
  batch.reason = rows.text(7);
  batch.created_by = rows.text(8);
  batch.created_at = rows.integer(9);
  batch.state = *state;
  batch.updated_at = rows.integer(11);
  batch.finished_at = rows.integer(12);
  batch.selected = rows.integer(13) == 1;
  batch.detail = rows.text(14);
  batch.waves = rows.integer(15) == 1;
  batch.stop_percent = static_cast<int>(rows.integer(16));
  batch.wave = rows.integer(17);
  return batch;
}

template <class Rows>
std::vector<RepairBatch> batches_in(Rows rows) {
  std::vector<RepairBatch> found;
  while (rows.next()) found.push_back(batch_of(rows));
  return found;
}

template <class Rows>
RepairItem item_of(const Rows& rows) {
  RepairItem item;
  item.run = rows.id(0);
  const auto state = runtime::item_state_from(rows.view(1));
  SEQUENT_ASSERT(state.has_value());
  item.state = *state;
  item.seq = static_cast<std::uint64_t>(rows.integer(2));
  item.heard = static_cast<std::uint64_t>(rows.integer(3));
  item.detail = rows.text(4);
  item.updated_at = rows.integer(5);
  return item;
}

template <class Rows>
std::vector<RepairItem> items_in(Rows rows) {
  std::vector<RepairItem> items;
  while (rows.next()) items.push_back(item_of(rows));
  return items;
}

/// A run that a batch's filter finds.
struct Match {
  InstanceId id;
  std::uint64_t seq = 0;
  Timestamp started_at = 0, deadline = 0;
};

template <class Connection>
std::vector<Match> matches(Connection& connection, const RunCondition& condition,
                           std::size_t limit) {
  const Query query = matches_of(condition, limit);
  auto rows = connection.query_once(query.sql, query.parameters);
  std::vector<Match> found;
  while (rows.next())
    found.push_back({rows.id(0), static_cast<std::uint64_t>(rows.integer(1)), rows.integer(2),
                     rows.integer(3)});
  return found;
}

template <class Store>
class Repairs final : public runtime::RepairStore {
 public:
  explicit Repairs(Store& store) : store_(store) {}

  void create_batch(const RepairBatch& batch) override {
    SEQUENT_ASSERT(!batch.id.empty());
    store_.write_with([&](auto& c) {
      c.run(insert_batch, batch.id, batch.action, dump_json(batch.arguments),
            dump_json(runtime::filter_json(batch.filter)), batch.where,
            runtime::name_of(batch.order), batch.rate_per_hour, batch.reason, batch.created_by,
            batch.created_at, batch.waves ? 1 : 0, batch.stop_percent);
      return true;
    });
  }

  std::optional<RepairBatch> batch(const std::string& id) override {
    auto found = store_.read_with([&](auto& c) { return batches_in(c.query(select_batch, id)); });
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  }

  std::vector<RepairBatch> batches(const std::string& before, std::size_t limit) override {
    return store_.read_with([&](auto& c) {
      return batches_in(before.empty() ? c.query(select_batches, limit)
                                       : c.query(select_batches_before, before, limit));
    });
  }

  std::vector<RepairBatch> open_batches(std::size_t limit) override {
    return store_.read_with(
        [&](auto& c) { return batches_in(c.query(select_open_batches, limit)); });
  }

  bool change_batch(const std::string& id, std::span<const RepairBatch::State> from,
                    RepairBatch::State to, const std::string& detail, Timestamp now) override {
    return store_.write_with([&](auto& c) {
      for (const auto state : from)
        if (c.execute(update_state, id, runtime::name_of(state), runtime::name_of(to), detail,
                      now) != 0)
          return true;
      return false;
    });
  }

  bool stop_batch(const std::string& id, const std::string& detail,
                  const runtime::AuditEntry& note) override {
    return store_.write_with([&](auto& c) {
      const bool ran =
          c.execute(update_state, id, runtime::name_of(RepairBatch::State::running),
                    runtime::name_of(RepairBatch::State::paused), detail, note.at) != 0;
      if (ran) append_audit(c, note);
      return ran;
    });
  }

  void set_stop(const std::string& id, int percent, Timestamp now) override {
    store_.write_with([&](auto& c) {
      c.run(update_stop, id, percent, now);
      return true;
    });
  }

  void begin_wave(const std::string& id, std::int64_t runs, Timestamp now) override {
    store_.write_with([&](auto& c) {
      c.run(set_wave, id, runs, now);
      return true;
    });
  }

  void finish_batch(const std::string& id, Timestamp now) override {
    store_.write_with([&](auto& c) {
      c.run(end_batch, id, now);
      return true;
    });
  }

  RepairCounts count_items(const std::string& id) override {
    return store_.read_with([&](auto& c) {
      auto rows = c.query(count_by_state, id);
      RepairCounts counts;
      while (rows.next()) {
        const auto state = runtime::item_state_from(rows.view(0));
        SEQUENT_ASSERT(state.has_value());
        counts.of(*state) = rows.integer(1);
      }
      return counts;
    });
  }

  // Reads beside the writers: a filter that finds little may look at every run. Two workers at once
  // read the same runs twice and store them once.
  std::size_t select_items(const RepairBatch& batch, std::size_t limit, Timestamp now) override {
    RunCondition condition{store_.dialect(), batch.filter, std::nullopt};
    condition.require(unchanged_since, {batch.created_at});
    condition.require(started_by_then, {batch.created_at});
    std::optional<InstanceId> last;
    bool selected = false;
    const auto found = store_.read_with([&](auto& c) {
      {
        auto rows = c.query(select_chosen, batch.id);
        selected = !rows.next() || rows.integer(1) == 1;
        if (selected) return std::vector<Match>{};
        if (!rows.is_null(0)) last = rows.id(0);
      }
      RunCondition rest = condition;
      if (last) rest.require(older_than_run, {*last});
      return matches(c, rest, limit);
    });
    if (selected) return 0;
    if (!found.empty()) last = found.back().id;
    store_.write_with([&](auto& c) {
      for (const Match& match : found)
        c.run(insert_item, batch.id, match.id,
              place_of(batch.order, match.started_at, match.deadline), match.seq, now);
      c.run(set_chosen, batch.id, last, found.size() < limit ? 1 : 0, now);
      return true;
    });
    return found.size();
  }

  std::vector<RepairItem> take_items(const std::string& id, std::size_t limit,
                                     Timestamp now) override {
    return store_.write_with([&](auto& c) {
      constexpr bool locks = std::remove_reference_t<decltype(c)>::locks_rows;
      auto items = items_in(c.query(locks ? next_pending_locked : next_pending, id, limit));
      for (RepairItem& item : items) {
        c.run(mark_taken, id, item.run, now);
        item.state = RepairItem::State::taken;
      }
      return items;
    });
  }

  std::vector<RepairItem> taken_items(const std::string& id, const std::optional<InstanceId>& after,
                                      std::size_t limit) override {
    return items(id, RepairItem::State::taken, after, limit);
  }

  std::optional<std::uint64_t> still_matches(const RepairBatch& batch,
                                             const InstanceId& run) override {
    RunCondition condition{store_.dialect(), batch.filter, std::nullopt};
    condition.require(is_run, {run});
    const auto found = store_.read_with([&](auto& c) { return matches(c, condition, 1); });
    if (found.empty()) return std::nullopt;
    return found.front().seq;
  }

  bool aim_item(const std::string& id, const InstanceId& run, std::uint64_t from,
                std::uint64_t to) override {
    SEQUENT_ASSERT(to > from);
    return store_.write_with(
        [&](auto& c) { return c.execute(update_aim, id, run, from, to) == 1; });
  }

  void write_acted(const std::string& id, std::span<const ActedItem> acted,
                   Timestamp now) override {
    if (acted.empty()) return;
    store_.write_with([&](auto& c) {
      constexpr bool locks = std::remove_reference_t<decltype(c)>::locks_rows;
      for (const ActedItem& each : acted) {
        const RepairItem& item = each.item;
        if (const auto& note = each.note)
          c.run(locks ? note_taken_locked : note_taken, id, item.run, note->at, note->principal,
                note->action, note->target, note->reason, note->outcome, note->remote,
                dump_json(note->before), dump_json(note->after));
        c.run(update_taken, id, item.run, runtime::name_of(item.state), item.heard, item.detail,
              now);
      }
      return true;
    });
  }

  void write_items(const std::string& id, std::span<const RepairItem> items,
                   Timestamp now) override {
    if (items.empty()) return;
    store_.write_with([&](auto& c) {
      for (const RepairItem& item : items)
        c.run(update_item, id, item.run, runtime::name_of(item.state), item.heard, item.detail,
              now);
      return true;
    });
  }

  HeardItems moved_items(const std::string& id, const std::optional<ItemPlace>& after,
                         std::size_t limit) override {
    const ItemPlace from = after.value_or(ItemPlace{.place = INT64_MIN, .run = {}});
    return store_.read_with([&](auto& c) {
      auto rows = c.query(select_acted, id, from.place, from.run, limit);
      HeardItems heard;
      std::size_t looked = 0;
      while (rows.next()) {
        if (rows.integer(7) != 0) heard.moved.push_back(item_of(rows));
        if (++looked == limit) heard.last = ItemPlace{.place = rows.integer(6), .run = rows.id(0)};
      }
      return heard;
    });
  }

  std::vector<RepairItem> items(const std::string& id, std::optional<RepairItem::State> state,
                                const std::optional<InstanceId>& after,
                                std::size_t limit) override {
    const InstanceId from = after.value_or(InstanceId{});
    return store_.read_with([&](auto& c) {
      if (!state) return items_in(c.query(select_items_of, id, from, limit));
      return items_in(c.query(select_in_state, id, runtime::name_of(*state), from, limit));
    });
  }

  Deadlines deadlines(const runtime::RunFilter& filter, Timestamp moment) override {
    const Query query = deadlines_of(RunCondition{store_.dialect(), filter, std::nullopt}, moment);
    return store_.read_with([&](auto& c) {
      auto rows = c.query_once(query.sql, query.parameters);
      const bool found = rows.next();
      SEQUENT_ASSERT(found);
      return Deadlines{rows.integer(0), rows.integer(1)};
    });
  }

 private:
  Store& store_;
};

}  // namespace sequent::persistence::shared
