#pragma once
// A batch of any size as columns: one statement for each table that it writes, with arrays for
// parameters. Everything here only queues; what it needs to hold is checked by the statements
// themselves, so that the transaction's COMMIT can be sent along.
#include <vector>

#include "engine/runtime/store.hpp"
#include "persistence/postgres/connection.hpp"
#include "persistence/shared/workflow_numbers.hpp"

namespace sequent::persistence::postgres {

/// SQLSTATE of assumptions that did not hold.
inline constexpr std::string_view start_taken = "SQ003";
inline constexpr std::string_view history_differs = "SQ004";

/// Starts: their keys, rows and attributes.
class StartRows {
 public:
  void add(const runtime::InstanceChange& change, const shared::WorkflowNumbers& numbers);
  /// Inserts the keys; fails with start_taken when one belongs to another run.
  void claim_keys(Connection& connection) const;
  /// Inserts the rest; fails with start_taken when the run exists.
  void insert(Connection& connection) const;

 private:
  void add_row(const runtime::InstanceChange& change, const shared::WorkflowNumbers& numbers);

  struct Keys {
    Texts key;
    Integers workflow;
    Ids instance;
    Integers started_at;
  } idempotency_, business_;
  Ids id_, parent_;
  Integers partition_, last_seq_, wake_at_, updated_at_, ended_at_, parked_at_, deadline_,
      key_born_at_, workflow_, version_, started_at_, error_status_, completed_tasks_, attempts_;
  Texts status_, task_, waiting_kind_, waiting_detail_, provider_, operation_, park_reason_,
      error_type_, error_title_, key_, idempotency_key_, payload_hash_, started_by_, attributes_;
  Texts attribute_name_, attribute_value_;
  Ids attribute_instance_;
};

/// What runs have gone through since their last checkpoint.
class JournalRows {
 public:
  void add(const runtime::InstanceChange& change);
  void append(Connection& connection) const;

 private:
  friend class UpdateRows;
  Ids id_;
  Integers seq_, at_;
  Texts records_;
};

/// Checkpoints of runs that are there: the row's columns.
class UpdateRows {
 public:
  void add(const runtime::InstanceChange& change);
  [[nodiscard]] bool empty() const { return id_.empty(); }
  /// Appends the journals of the batch in the same statement. Fails with history_differs when a run
  /// is missing or its history does not end where a change begins.
  void update(Connection& connection, const JournalRows& journals) const;

 private:
  Ids id_;
  Integers stored_seq_, last_seq_, wake_at_, updated_at_, ended_at_, parked_at_, deadline_,
      key_born_at_, error_status_, completed_tasks_, attempts_;
  Texts status_, task_, waiting_kind_, waiting_detail_, provider_, operation_, park_reason_,
      error_type_, error_title_;
};

/// What a change may bring besides: snapshot, mail that it has read, requests, its end.
class ContentRows {
 public:
  void add(const runtime::InstanceChange& change);
  void write(Connection& connection) const;
  /// Last: results of operations go with the run that asked for them.
  void forget_results(Connection& connection) const;

 private:
  Ids snapshot_id_, consumer_, ended_;
  Integers snapshot_seq_, consumed_;
  Texts snapshot_;
  std::vector<const runtime::InstanceChange*> with_requests_;
};

}  // namespace sequent::persistence::postgres
