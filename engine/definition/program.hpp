#pragma once
// The compiled, immutable form of a workflow document: a flat array of nodes with their
// transitions, schemas and compiled expressions. Built by compile.hpp, read by the machine.
// source  Serverless Workflow DSL 1.0.3
#include <cstdint>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "base/time.hpp"
#include "engine/definition/activity_spec.hpp"
#include "engine/expression/expression.hpp"
#include "engine/expression/template.hpp"
#include "engine/schema/schema.hpp"

namespace sequent::definition {

using expression::ExpressionId;
using expression::Template;
using NodeIndex = std::uint32_t;
inline constexpr NodeIndex no_node = UINT32_MAX;

/// Names one version of a workflow.
struct WorkflowRef {
  std::string workflow_namespace;
  std::string name;
  std::string version;  // semantic version; empty or "latest" = the highest deployed

  bool operator==(const WorkflowRef&) const = default;
};

/// A duration that is known when the document is read, or an expression that yields ISO 8601 text.
struct Duration {
  DurationMs fixed_ms = 0;
  std::optional<ExpressionId> expression;
};

/// `metadata.mustSucceedBefore`: so long after its task began, or a time; or an expression that says
/// one of these.
struct SucceedBefore {
  DurationMs after_ms = 0;
  Timestamp at = 0;
  std::optional<ExpressionId> expression;
};

/// `input`, `output` or `export`: a schema and a transformation, both optional.
struct DataFilter {
  std::optional<Template> transform;  // `from` or `as`
  std::shared_ptr<const schema::Schema> schema;
};

/// What follows a task (`then`).
struct Flow {
  enum class Kind : std::uint8_t { continue_, exit, end, task };
  Kind kind = Kind::continue_;
  NodeIndex task = no_node;  // for Kind::task: a sibling
};

/// An error as `raise` makes it: an object with type, status, title, detail as far as given.
struct ErrorTemplate {
  Template problem;
};

/// One expected attribute of an event filter's `with`.
struct EventAttribute {
  std::string name;                   // "type", "source", "data", an extension …
  std::optional<Json> equals;         // a constant
  std::optional<std::regex> pattern;  // a constant with regular expression characters
  std::string pattern_source;
  std::optional<ExpressionId> expression;  // `.` is the data for "data", else the envelope
};

/// `correlate.<name>`: `from` is evaluated on the event envelope.
struct Correlation {
  std::string name;
  ExpressionId from = 0;
  std::optional<ExpressionId> expect;  // evaluated on the listening task's input
  std::optional<Json> expect_constant;
};

/// One event filter of a `listen` task or of `schedule.on`.
struct EventFilter {
  std::string pointer;  // JSON Pointer of the filter; with the digest it names the filter for ever
  std::string type;     // the constant `type`, "" when it is a pattern, an expression or absent
  std::vector<EventAttribute> attributes;
  std::vector<Correlation> correlations;
};

struct EventStrategy {
  enum class Mode : std::uint8_t { one, any, all };
  Mode mode = Mode::one;
  std::vector<std::uint32_t> filters;        // indexes into Program::filters; any: [] = every event
  std::optional<ExpressionId> until;         // condition on the array of what was consumed
  std::vector<std::uint32_t> until_filters;  // or events that end the listening
  Mode until_mode = Mode::one;
};

/// DSL retry policy (`catch.retry`), all parts optional.
struct RetryPolicy {
  enum class Backoff : std::uint8_t { constant, linear, exponential };
  std::optional<ExpressionId> when, except_when;
  Duration delay;
  Backoff backoff = Backoff::constant;
  std::optional<Duration> jitter_from, jitter_to;
  std::optional<std::uint32_t> max_attempts;  // retries, not counting the first try
  std::optional<Duration> attempt_duration;   // limit of each attempt
  std::optional<Duration> total_duration;     // limit of all attempts together
};

// --- what each kind of task adds ----------------------------------------------------------------

/// `do`, and the root of the document. Runs `tasks` in order.
struct DoTask {
  std::vector<NodeIndex> tasks;
};
struct SetTask {
  Template value;
};
struct SwitchCase {
  std::string name;
  std::optional<ExpressionId> when;  // absent = default case
  Flow then;
};
struct SwitchTask {
  std::vector<SwitchCase> cases;
};
struct ForTask {
  std::string each = "item", at = "index";
  ExpressionId in = 0;
  std::optional<ExpressionId> while_;
  std::vector<NodeIndex> tasks;
};
struct ForkTask {
  bool compete = false;
  std::vector<NodeIndex> branches;  // each one task
};
struct TryTask {
  std::vector<NodeIndex> tasks;
  Json error_filter;  // `errors.with`: constants to equal; null = every error
  std::vector<std::pair<std::string, ExpressionId>> error_filter_expressions;
  std::string as = "error";
  std::optional<ExpressionId> when, except_when;
  std::optional<RetryPolicy> retry;
  std::vector<NodeIndex> catch_tasks;
};
struct RaiseTask {
  ErrorTemplate error;
};
struct WaitTask {
  Duration duration;
};
struct ListenTask {
  enum class Read : std::uint8_t { data, envelope, raw };
  EventStrategy to;
  Read read = Read::data;
  bool foreach_ = false;
  std::string item = "item", at = "index";
  std::vector<NodeIndex> tasks;  // foreach.do
  DataFilter item_output, item_export;
};
struct EmitTask {
  Template event;  // attributes as given; id and time are filled in by the machine when absent
};
struct RunWorkflowTask {
  WorkflowRef workflow;
  Template input;
  bool await = true;
};
/// `call:` of an activity of the catalog, `call: http` among them (activity "http").
struct CallTask {
  ActivitySpec activity;
  Template arguments;
  bool late_secrets = false;  // some hole names $secrets: filled when the request is made
};
/// `call:` of a function of `use.functions`: runs `task` with the arguments as its input.
struct FunctionTask {
  std::string function;
  Template arguments;
  NodeIndex task = no_node;
};

using TaskBody =
    std::variant<DoTask, SetTask, SwitchTask, ForTask, ForkTask, TryTask, RaiseTask, WaitTask,
                 ListenTask, EmitTask, RunWorkflowTask, CallTask, FunctionTask>;

/// The place of an arrow in a source document.
struct ArrowPlace {
  std::uint32_t diagram = 1;  // index into Program::diagrams, from 1
  std::uint32_t number = 0;   // of the arrow within it, from 1

  auto operator<=>(const ArrowPlace&) const = default;
};
/// "5" or "2.5": the number alone means the first diagram. Nothing when it is neither.
[[nodiscard]] std::optional<ArrowPlace> parse_arrow_place(std::string_view text);

/// One arrow of the sequence diagram that documents a workflow.
struct Arrow {
  std::string from, to;  // participants
  std::string text;
  bool reply = false;              // drawn dashed
  std::vector<ArrowPlace> places;  // all where it is drawn; none: the document lacks it

  bool operator==(const Arrow&) const = default;
};

/// What undoes a task (`metadata.compensate`): another task of the document, or a workflow.
struct Compensation {
  NodeIndex task = no_node;
  WorkflowRef workflow;  // where no task is named
};

struct Node {
  std::string name;     // task name; "" for the root
  std::string pointer;  // "/do/0/checkToken"; "" for the root
  std::string place;    // where the text has it: inside a function it differs from `pointer`
  NodeIndex parent = no_node;
  NodeIndex next = no_node;  // the sibling that follows in order
  TaskBody body;
  std::optional<ExpressionId> if_;
  DataFilter input, output, export_;
  std::optional<Duration> timeout;
  std::optional<SucceedBefore> succeed_before;
  Flow then;
  Json definition;  // the task's own part of the document, for $task.definition
  Json metadata;
  std::vector<Arrow> arrows;       // metadata.arrows: what this task carries out
  bool responds = false;           // its output answers the HTTP requests that the run has taken
  std::optional<Template> answer;  // how: {status, headers, body, problem}, over the output
  std::optional<Compensation> compensation;
  int line = 0;                    // where it stands in the source
};

/// `document.metadata.http`, and `metadata.http` of a listening task.
struct HttpTrigger {
  std::string method;                // upper case
  std::string path;                  // "/api/stripe/accounts/{accountId}"
  NodeIndex respond = no_node;       // the task whose output answers; no_node = the workflow's
  std::vector<std::string> headers;  // forwarded into the input, lower case
  std::vector<std::string> cookies;  // the same
  std::optional<std::vector<std::string>> query;  // the same; absent = every parameter
};

/// A route whose request is an event for the run that waits in `task`.
struct ListenRoute {
  HttpTrigger http;
  NodeIndex task = no_node;
  std::uint32_t filter = 0;    // index into Program::filters: names type and correlation
  std::string source;          // of the event
  DurationMs hold_ms = 5'000;  // how long a request waits for a run to listen
};

struct Schedule {
  std::optional<Duration> every, after;
  std::string cron;
  std::optional<EventStrategy> on;
};

struct Program {
  WorkflowRef ref;
  std::string title, summary;
  std::string source;       // as it was deployed
  std::string digest;       // SHA-256 of the canonical document
  std::string layout;       // hash of how this build numbered nodes and filters: see layout_of()
  Json document;            // the whole definition
  std::vector<Node> nodes;  // nodes[0] is the root
  std::vector<EventFilter> filters;
  DataFilter input, output;
  std::optional<Duration> timeout;
  Schedule schedule;
  std::vector<std::string> secrets;  // use.secrets
  std::vector<std::string> participants;
  std::vector<std::string> diagrams;   // titles of the source diagrams, metadata.diagrams
  std::vector<Arrow> client_arrows;    // metadata.clientArrows: the callers' own steps
  std::vector<std::string> sensitive;  // JSON Pointers or plain paths, redacted for people
  std::optional<HttpTrigger> http;
  std::vector<ListenRoute> routes;
  std::optional<ExpressionId> key;                               // metadata.key, over the raw input
  std::vector<std::pair<std::string, ExpressionId>> attributes;  // metadata.attributes
  std::unique_ptr<const expression::ExpressionSet> expressions;

  [[nodiscard]] const Node& node(NodeIndex index) const { return nodes.at(index); }
  /// The node with this pointer or, where it is unambiguous, this task name; no_node otherwise.
  [[nodiscard]] NodeIndex find(std::string_view pointer_or_name) const;
};

using ProgramPtr = std::shared_ptr<const Program>;

/// What journals refer to by number: the pointer and kind of each node, and the filters, in order.
/// Two builds that number a document differently give it different layouts, and neither may go on
/// with a run of the other.
[[nodiscard]] std::string layout_of(const Program& program);

}  // namespace sequent::definition
