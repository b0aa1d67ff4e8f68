#pragma once
// Outcomes to decide on. Exceptions are for our own side being broken (disk, database).
#include <cstdint>
#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

namespace sequent {

/// What went wrong, in a form that a program can switch on. api/problem.cpp holds the one table
/// that gives each code its URI, title and HTTP status.
enum class ErrorCode : std::uint8_t {
  invalid_json,          // text that is no JSON
  invalid_request,       // a request that breaks its own contract (field, header, parameter)
  invalid_definition,    // a workflow document with errors; `findings` lists every one
  invalid_input,         // input that its workflow's schema refuses
  unauthenticated,
  forbidden,
  not_found,             // no such run, workflow, route, record …
  method_not_allowed,
  not_acceptable,
  unsupported_media_type,
  conflict,              // the thing exists and differs
  key_taken,             // the business key belongs to another run (onConflict: reject)
  idempotency_mismatch,  // same Idempotency-Key, other payload
  wrong_state,           // the run's status does not allow the action
  too_large,             // body, payload, journal or header past its limit
  too_many_requests,     // a limit on rate or concurrency
  unavailable,           // cannot now, later yes: store full, stopping, recovering
  fenced,                // the lease was lost: another owner has the partition
  lease_held,            // another process owns the store or the partition
  expression,            // an expression failed or took too long
  timed_out,
  cancelled,
  transport,             // an outbound request that could not be sent or answered
  internal,
};

/// One finding inside a larger error (one of many mistakes of a document or request).
struct Finding {
  std::string message;   // what was expected, what came
  std::string pointer;   // JSON Pointer into the document, "" for the root
  std::string file;      // empty when there is no file
  int line = 0;          // from 1; 0 = unknown
  int column = 0;        // from 1; 0 = unknown
  std::string hint;      // what to do, may be empty
  std::string rule;      // of a warning: its stable name (engine/definition/lint/rules.hpp)
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string detail;             // a sentence: expected, came, where, what to do
  std::vector<Finding> findings;  // every mistake, when there are several
  int retry_after_seconds = 0;    // for unavailable and too_many_requests; 0 = not said
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string detail) {
  return std::unexpected(Error{.code = code, .detail = std::move(detail)});
}

}  // namespace sequent
