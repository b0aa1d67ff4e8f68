#pragma once
// Runtime expressions (DSL 1.0.3, "Runtime Expressions"): jq, compiled once for each definition.
// The engine sees expressions through this header alone; libjq stays behind it.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"

namespace sequent::expression {

using ExpressionId = std::uint32_t;  // index into one ExpressionSet

/// The arguments that an expression may name besides `.`. Members are borrowed for one evaluation;
/// a null pointer means that the argument is not available there (naming it yields null).
struct Scope {
  const Json* context = nullptr;
  const Json* input = nullptr;
  const Json* output = nullptr;
  const Json* secrets = nullptr;
  const Json* task = nullptr;
  const Json* workflow = nullptr;
  const Json* runtime = nullptr;
  const Json* authorization = nullptr;
  const Json* variables = nullptr;  // object: name -> value of for/catch/foreach variables
  Timestamp now = 0;                // what jq's `now` answers, in milliseconds
};

/// Which arguments an expression names, so that callers build only those.
struct Needs {
  bool context = false, input = false, output = false, secrets = false, task = false,
       workflow = false, runtime = false, authorization = false;
  std::vector<std::string> variables;  // other `$name`s, without the dollar, sorted
};

struct Limits {
  int timeout_ms = 1'000;                      // one evaluation; checked between two steps of jq
  std::size_t max_output_bytes = 2 << 20;      // of the result as JSON
  std::size_t max_memory_bytes = 128 << 20;    // jq's, for one evaluation; one step may take four times that
};

/// The compiled expressions of one definition.
/// threads  any: evaluations run side by side on `interpreters` copies of the compiled program (a
///          caller waits only when all are busy). Copies are compiled in the background. The
///          calling thread needs the usual stack of 8 MiB.
/// units    jq's numbers are doubles: integers beyond 2^53 lose their last digits in jq; plain paths
///          hand on what they find. Whole numbers come back as integers, NaN as null.
/// effect   what one evaluation can't do: reach files, environment, modules, output; take more than
///          its time or memory; end the process by a failed assertion of libjq. Not bounded: one
///          step of jq is never interrupted (a large sort, a regular expression within Oniguruma's
///          own limits), so a halt may come late by that step. A halt costs the set a copy until
///          it is compiled again in the background; a copy that libjq can't free (it was cut short
///          inside path() or one step) is lost for good, some 30 KB and what it held in blocks
///          under 64 KiB.
class ExpressionSet {
 public:
  ~ExpressionSet();

  /// The value that the expression yields first; an expression that yields nothing gives null.
  /// errors  expression: it raised an error (its message; of an error that is no string its JSON), ran
  ///         past its time or memory (it was halted; only this evaluation is hurt), or its result is
  ///         too large or nested deeper than 1,000 levels
  [[nodiscard]] Result<Json> evaluate(ExpressionId id, const Json& dot, const Scope& scope) const;

  [[nodiscard]] const Needs& needs(ExpressionId id) const;
  [[nodiscard]] const std::string& source(ExpressionId id) const;  // without `${ }`
  /// True for paths such as `.a.b[0]` or `$context.x`, which are evaluated without jq.
  [[nodiscard]] bool is_plain_path(ExpressionId id) const;
  [[nodiscard]] std::size_t size() const;

 private:
  friend class ExpressionSetBuilder;
  ExpressionSet();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Why one expression does not compile. `offset` is a byte offset into its source where known.
struct CompileError {
  ExpressionId id = 0;
  std::string message;
  std::optional<std::size_t> offset;
};

class ExpressionSetBuilder {
 public:
  explicit ExpressionSetBuilder(Limits limits = {}, int interpreters = 4);
  ~ExpressionSetBuilder();

  /// Registers an expression (source without the `${ }` around it); equal sources share one id.
  ExpressionId add(std::string source);

  /// Compiles all of them as one jq program (some 25 ms and a little for each; nothing is compiled
  /// when all are plain paths). Refused, with a message that names the construct: access to
  /// environment, files, modules, `input`/`inputs`, `debug`, `stderr`, `halt`; expressions that would
  /// escape their brackets. Any variable compiles: the caller checks Needs::variables against the
  /// names that its scope has, and one that is absent there yields null.
  /// errors  one entry for each expression that does not compile, in the order of their ids
  [[nodiscard]] std::expected<std::unique_ptr<ExpressionSet>, std::vector<CompileError>> build();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "${ .a }" -> ".a"; nothing when the text is not one whole `${ … }`.
[[nodiscard]] std::optional<std::string> strip_expression(std::string_view text);

}  // namespace sequent::expression
