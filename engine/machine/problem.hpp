#pragma once
// Errors as workflows see them: problem details (RFC 9457) with the DSL's standard types.
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/time.hpp"

namespace sequent::machine {

/// What a failed attempt says about the world.
enum class Outcome : std::uint8_t {
  transient,  // the effect did not happen, or repeating is safe: try again
  permanent,  // it will fail the same way again: raise
  unknown,    // the effect may have happened: try again with the same key, or look first
};

/// The DSL's standard error types; `standard_type` gives the URI that we write.
enum class ErrorKind : std::uint8_t {
  configuration,
  validation,
  expression,
  authentication,
  authorization,
  timeout,
  communication,
  runtime,
};

[[nodiscard]] std::string_view standard_type(ErrorKind kind);
[[nodiscard]] int standard_status(ErrorKind kind);
[[nodiscard]] std::string_view standard_title(ErrorKind kind);

/// True when two type URIs mean the same standard error: the prose, the kit and older drafts spell
/// them differently (…/spec/1.0.0/errors/x, …/dsl/errors/types/x, …/errors/types/x).
[[nodiscard]] bool same_type(std::string_view a, std::string_view b);

struct Problem {
  std::string type;
  int status = 500;
  std::string title;
  std::string detail;
  std::string instance;  // JSON Pointer of the task; set when it is raised
  Json extensions;       // other members, object or null

  bool operator==(const Problem&) const = default;
};

[[nodiscard]] Problem make_problem(ErrorKind kind, std::string detail);
[[nodiscard]] Json to_json(const Problem& problem);
[[nodiscard]] Problem problem_from_json(const Json& json);

/// How one attempt of an activity failed.
struct Failure {
  Outcome outcome = Outcome::permanent;
  Problem problem;
  DurationMs retry_after_ms = 0;  // the provider's wish (Retry-After); 0 = none
  bool key_spent = false;  // the provider answers this idempotency key with its failure for ever:
                           // a further try needs a new one
  bool throttled = false;  // refused because it came too soon or among too many: asking again later
                           // uses up none of the call's attempts
  bool ours = false;       // it never came to the provider, and says nothing of it; not recorded
};

}  // namespace sequent::machine
