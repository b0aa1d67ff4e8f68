#pragma once
// The state of one compilation. Each part of the language has its own file of readers that take it.
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/definition/compile.hpp"
#include "engine/definition/expressions.hpp"
#include "engine/definition/fields.hpp"
#include "engine/definition/program.hpp"

namespace sequent::definition {

using expression::Hole;

/// Where the reading of a task stands.
struct Site {
  NodeIndex index = no_node;
  std::string pointer;  // of the node; inside a function it differs from the place in the text
  Variables variables;
};

/// A `then` that names a task, resolved when its list of tasks is complete.
struct PendingThen {
  NodeIndex node = no_node;
  std::size_t switch_case = not_a_case;
  std::string target;
  std::string where;  // pointer of the `then`

  static constexpr std::size_t not_a_case = SIZE_MAX;
};

/// A task that no other leads to; it may still be what undoes one.
struct Unreached {
  NodeIndex node = no_node;
  std::string place;
};

struct Compiler {
  Compiler(const Document& source, const CompileOptions& with_options);

  const Document& document;
  const CompileOptions& options;
  Report report;
  Program program;
  Expressions expressions;
  bool loose = false;
  std::set<std::string> loose_expressions;  // texts that are jq, in loose mode
  std::vector<PendingThen> pending;
  std::vector<PendingThen> unresolved;
  std::vector<Unreached> unreached;
  std::vector<std::string> function_stack;  // functions whose call is being read
  bool too_many_tasks = false;
  bool follow_calls = true;        // false while functions are read for themselves
  std::size_t expanded_bytes = 0;  // of the functions read for their calls, each time counted

  /// An object of `use`, such as "retries"; an empty one when it is absent.
  [[nodiscard]] const Json& reusable(std::string_view kind) const;
  /// The named entry of it. An unknown name is reported at `reference`.
  std::optional<Value> resolve(std::string_view kind, std::string_view what,
                               const Value& reference);
  /// `what` names the construct in the message.
  void refuse(const Value& value, std::string_view what);

  static constexpr std::size_t most_tasks = 10'000;
  static constexpr std::size_t most_expanded_bytes = 16 << 20;
};

// --- templates.cpp: expressions and templates ---------------------------------------------------
/// A scalar that is an expression by its place: with or without `${ }`.
std::optional<ExpressionId> read_expression(Compiler& compiler, const Value& value,
                                            std::string_view what, const Variables& variables);
/// The expression of a text that is one whole `${ … }` (or is one by loose mode); else nothing.
std::optional<ExpressionId> whole_expression(Compiler& compiler, const Value& value,
                                             const Variables& variables);
[[nodiscard]] bool is_expression(const Compiler& compiler, const Json& value);
Template read_template(Compiler& compiler, const Value& value, const Variables& variables);
[[nodiscard]] Template constant_template(Json value);
[[nodiscard]] Template expression_template(ExpressionId id);
/// Puts `part` into `whole` as its member `name`.
void set_member(Template& whole, std::string_view name, Template part);

// --- filters.cpp: input, output, export, schemas ------------------------------------------------
DataFilter read_filter(Compiler& compiler, const Value& value, std::string_view transform,
                       std::string what, const Variables& variables);

// --- durations.cpp ------------------------------------------------------------------------------
std::optional<Duration> read_duration(Compiler& compiler, const Value& value, std::string_view what,
                                      const Variables& variables);
/// A timeout object or the name of one.
std::optional<Duration> read_timeout(Compiler& compiler, const Value& value,
                                     const Variables& variables);

// --- retry.cpp ----------------------------------------------------------------------------------
std::optional<RetryPolicy> read_retry(Compiler& compiler, const Value& value,
                                      const Variables& variables);

// --- problems.cpp: error definitions and error filters ------------------------------------------
Template read_problem(Compiler& compiler, const Value& value, const Variables& variables);
void read_error_filter(Compiler& compiler, const Value& value, TryTask& task,
                       const Variables& variables);

// --- events.cpp ---------------------------------------------------------------------------------
/// `pointer` is the node's own way to `value` (see Site::pointer).
EventStrategy read_strategy(Compiler& compiler, const Value& value, const std::string& pointer,
                            const Variables& variables);

// --- authentication.cpp, endpoint.cpp -----------------------------------------------------------
std::optional<Template> read_authentication(Compiler& compiler, const Value& value,
                                            const Variables& variables, bool may_refer = true);
/// {uri, authentication?}
std::optional<Template> read_endpoint(Compiler& compiler, const Value& value,
                                      const Variables& variables);
/// Text that begins as an absolute URI; reported otherwise.
bool check_uri(Compiler& compiler, const Value& value, std::string_view what);

// --- flow.cpp -----------------------------------------------------------------------------------
Flow read_then(Compiler& compiler, const Value& value, NodeIndex node,
               std::size_t switch_case = PendingThen::not_a_case);
/// Links the `then`s noted since `first_pending` to the tasks of their list.
void link_tasks(Compiler& compiler, const std::vector<NodeIndex>& tasks, std::size_t first_pending);
/// Reports the tasks of a list that nothing leads to.
void check_reachable(Compiler& compiler, const std::vector<NodeIndex>& tasks,
                     const std::vector<std::string>& places);
void report_unresolved(Compiler& compiler);
/// After the metadata is linked: what undoes a task needs nothing that leads to it.
void report_unreached(Compiler& compiler);

// --- tasks.cpp ----------------------------------------------------------------------------------
/// The tasks of a list in order; `branches` are not linked with each other.
enum class ListKind : std::uint8_t { sequence, branches };
std::vector<NodeIndex> read_tasks(Compiler& compiler, const Value& list, const std::string& pointer,
                                  NodeIndex parent, const Variables& variables,
                                  ListKind kind = ListKind::sequence);
/// One task that is already named and placed.
NodeIndex read_task(Compiler& compiler, const Value& value, std::string name, std::string pointer,
                    NodeIndex parent, const Variables& variables);

// --- task_*.cpp: the kinds ----------------------------------------------------------------------
DoTask read_do(Compiler& compiler, Fields& fields, const Site& site);
SetTask read_set(Compiler& compiler, Fields& fields, const Site& site);
SwitchTask read_switch(Compiler& compiler, Fields& fields, const Site& site);
ForTask read_for(Compiler& compiler, Fields& fields, const Site& site);
ForkTask read_fork(Compiler& compiler, Fields& fields, const Site& site);
TryTask read_try(Compiler& compiler, Fields& fields, const Site& site);
RaiseTask read_raise(Compiler& compiler, Fields& fields, const Site& site);
WaitTask read_wait(Compiler& compiler, Fields& fields, const Site& site);
ListenTask read_listen(Compiler& compiler, Fields& fields, const Site& site);
EmitTask read_emit(Compiler& compiler, Fields& fields, const Site& site);
TaskBody read_run(Compiler& compiler, Fields& fields, const Site& site);
TaskBody read_call(Compiler& compiler, Fields& fields, const Site& site);

/// `with` of `call: http`, normalised; see task_http.cpp.
Template read_http_arguments(Compiler& compiler, const Value& with, const Variables& variables);
/// Reports arguments that the activity's schema refuses whatever the expressions in them yield.
void check_arguments(Compiler& compiler, const Template& arguments, const ActivitySpec& activity,
                     const Value& call, const std::string& with_pointer);

// --- header.cpp, use.cpp, metadata.cpp: the rest of the document --------------------------------
void read_header(Compiler& compiler, const Value& value);
void read_use(Compiler& compiler, const Value& value);
void check_functions(Compiler& compiler);
void read_metadata(Compiler& compiler, const Value& value);
/// `metadata.accept` of the document or of a task: warnings by name, each with the reason why it is
/// none here.
void read_accepted(Compiler& compiler, const Value& value);
/// `metadata.arrows` of a task, `metadata.clientArrows` of the document.
[[nodiscard]] std::vector<Arrow> read_arrows(Compiler& compiler, const Value& value);
/// After the tasks: `respond` and `compensate` name some of them, and no two bind one route.
void link_metadata(Compiler& compiler, const Json& root);

// --- http_routes.cpp ----------------------------------------------------------------------------
/// `document.metadata.http`.
void read_http(Compiler& compiler, const Value& value);
/// `metadata.http` and `metadata.respond` of a task whose body has been read.
void read_task_metadata(Compiler& compiler, const Value& metadata, const Site& site);
/// Reports two routes of one document that take the same requests.
void check_routes(Compiler& compiler);
void read_schedule(Compiler& compiler, const Value& value);

[[nodiscard]] bool is_host_label(std::string_view text);
[[nodiscard]] bool is_semantic_version(std::string_view text);
/// A name that can stand behind `$` in jq.
bool check_variable_name(Compiler& compiler, const Value& value, const std::string& name);

}  // namespace sequent::definition
