#include "api/routes.hpp"

#include <algorithm>
#include <array>

#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {
namespace {

using Q = QueryParameter;

constexpr Q limit{"limit", "integer", "Most items of this page, from 1 to 500"};
constexpr Q cursor{"cursor", "string", "Of the page before"};

constexpr std::array start_query{
    Q{"version", "string", "A version of the workflow; without it the highest"},
    Q{"key", "string", "Business key, instead of the one that the workflow computes"},
    Q{"onConflict", "string",
      "When the business key is taken: return, reject, "
      "restart-if-faulted"}};
constexpr std::array run_query{
    Q{"status", "string", "pending, running, waiting, suspended, cancelled, faulted, completed",
      true},
    Q{"namespace", "string", "Of the workflow"},
    Q{"workflow", "string", "namespace/name or namespace/name:version"},
    Q{"name", "string", "Of the workflow"},
    Q{"version", "string", "Of the workflow"},
    Q{"key", "string", "Business key"},
    Q{"task", "string", "JSON Pointer of the task, or its name"},
    Q{"waiting", "string", "timer, event, activity, parked, child, limit"},
    Q{"provider", "string", "That the run waits for, is parked on or faulted because of"},
    Q{"operation", "string", "Activity that the run waits for"},
    Q{"errorType", "string", "`type` of the fault or of the last failed attempt"},
    Q{"errorStatus", "integer", "`status` of the same"},
    Q{"startedAfter", "string", "RFC 3339 time"},
    Q{"startedBefore", "string", "RFC 3339 time"},
    Q{"updatedAfter", "string", "RFC 3339 time"},
    Q{"updatedBefore", "string", "RFC 3339 time"},
    Q{"parent", "string", "Id of the run that started it"},
    Q{"stuck", "boolean", "Only live runs that nothing will wake; there must be none"},
    Q{"text", "string", "Beginning of an id, or part of a business key"},
    Q{"where", "string", "Conditions, such as status=faulted and error.type~communication"},
    Q{"attribute.*", "string", "Value of the attribute of that name, as a JSON scalar or as text"},
    cursor,
    limit};
constexpr std::array wait_query{Q{"wait", "integer", "Seconds to wait for the end of the run"}};
constexpr std::array journal_query{Q{"after", "integer", "`seq` of the last record that you have"},
                                   limit};
constexpr std::array inbox_query{
    Q{"type", "string", "CloudEvents type"},
    Q{"state", "string", "held, delivered, started, ignored, expired, unrouted"},
    Q{"cursor", "integer", "Of the page before"}, limit};
constexpr std::array diagram_query{Q{"format", "string", "mermaid (default) or plantuml"}};
constexpr std::array migration_query{
    Q{"version", "string", "Of the same workflow; default the highest"}};
constexpr std::array version_query{
    Q{"digest", "string", "Only with this content; also when it is deleted, while runs keep it"}};
constexpr std::array deletion_query{
    Q{"reason", "string", "Why; the audit log keeps it"},
    Q{"confirm", "boolean", "true: what else it changes is meant; without it that is listed"}};
constexpr std::array batches_query{cursor, limit};
constexpr std::array items_query{
    Q{"state", "string", "pending, taken, acted, succeeded, faulted, parked, refused, changed"},
    cursor, limit};
constexpr std::array records_query{cursor, limit};
constexpr std::array audit_query{
    Q{"target", "string", "Id of a run or batch, name of a workflow"},
    Q{"principal", "string", "Who did it"},
    Q{"action", "string", "retry, batch.retry, …; * at its end stands for any characters"},
    Q{"since", "string", "RFC 3339 time"},
    Q{"before", "string", "RFC 3339 time"},
    Q{"text", "string", "Part of the reason or the outcome"},
    Q{"refused", "boolean", "true: only what was not done"},
    Q{"cursor", "integer", "Of the page before"},
    limit};
constexpr std::array webhook_query{
    Q{"manual", "boolean", "true: an event without a signature, outside of production only"}};

constexpr auto starter = Role::starter;
constexpr auto viewer = Role::viewer;
constexpr auto operators = Role::operator_;
constexpr auto admin = Role::admin;

// A table reads best as one, so its lines are as long as they are.
// clang-format off
constexpr std::array table{
    Route{"POST", "/api/v1/workflows", "deployWorkflow", "Deploy a workflow (YAML or JSON)", "workflows", admin, deploy_workflow, {}, Takes::definition, "Definition", "Workflow", "application/json", 201},
    Route{"GET", "/api/v1/workflows", "listWorkflows", "List every version of every workflow", "workflows", viewer, list_workflows, {}, Takes::nothing, {}, "WorkflowList"},
    Route{"GET", "/api/v1/workflows/{namespace}/{name}", "showWorkflow", "Read the highest version of a workflow", "workflows", viewer, show_workflow, {}, Takes::nothing, {}, "Workflow", "application/json, application/yaml"},
    Route{"GET", "/api/v1/workflows/{namespace}/{name}/{version}", "showWorkflowVersion", "Read one version of a workflow", "workflows", viewer, show_workflow, version_query, Takes::nothing, {}, "Workflow", "application/json, application/yaml"},
    Route{"DELETE", "/api/v1/workflows/{namespace}/{name}/{version}", "deleteWorkflowVersion", "Delete a version of which no run is live", "workflows", admin, delete_workflow, deletion_query, Takes::nothing, {}, "Deletion"},
    Route{"GET", "/api/v1/workflows/{namespace}/{name}/{version}/diagram", "showWorkflowDiagram", "Draw a workflow as a sequence diagram", "workflows", viewer, show_workflow_diagram, diagram_query, Takes::nothing, {}, "Diagram", "application/json, text/plain"},
    Route{"POST", "/api/v1/workflows/{namespace}/{name}/runs", "startRun", "Start a run; the body is its input", "runs", starter, start_run, start_query, Takes::json, "Input", "Run", "application/json", 201},
    Route{"GET", "/api/v1/runs", "listRuns", "List runs, newest first", "runs", viewer, list_runs, run_query, Takes::nothing, {}, "RunList"},
    Route{"POST", "/api/v1/runs:search", "searchRuns", "List runs by a typed filter", "runs", viewer, search_runs, {}, Takes::json, "Search", "RunList"},
    Route{"POST", "/api/v1/runs:aggregate", "aggregateRuns", "Count runs in groups", "runs", viewer, aggregate_runs, {}, Takes::json, "Aggregation", "AggregateList"},
    Route{"GET", "/api/v1/runs/{id}", "showRun", "Read a run", "runs", viewer, show_run, {}, Takes::nothing, {}, "Run"},
    Route{"GET", "/api/v1/runs/{id}/journal", "showJournal", "Read the records of a run", "runs", viewer, show_journal, journal_query, Takes::nothing, {}, "RecordList"},
    Route{"GET", "/api/v1/runs/{id}/diagram", "showRunDiagram", "Draw what a run did as a sequence diagram", "runs", viewer, show_run_diagram, diagram_query, Takes::nothing, {}, "Diagram", "application/json, text/plain"},
    Route{"GET", "/api/v1/runs/{id}/result", "showResult", "Read, or wait for, the outcome of a run", "runs", Role::anyone, show_result, wait_query, Takes::nothing, {}, "Outcome"},
    Route{"GET", "/api/v1/runs/{id}/watch", "watchRun", "What happens to a run, as server-sent events", "runs", viewer, watch_run, {}, Takes::nothing, {}, {}, "text/event-stream"},
    Route{"GET", "/api/v1/watch", "watchRuns", "What happens to all runs, as server-sent events", "runs", viewer, watch_all, {}, Takes::nothing, {}, {}, "text/event-stream"},
    Route{"POST", "/api/v1/runs/{id}:suspend", "suspendRun", "Hold a run and its children", "repair", operators, suspend_run, {}, Takes::json, "Action", "Run"},
    Route{"POST", "/api/v1/runs/{id}:resume", "resumeRun", "Let a suspended run go on", "repair", operators, resume_run, {}, Takes::json, "Action", "Run"},
    Route{"POST", "/api/v1/runs/{id}:retry", "retryRun", "Begin a faulted or parked task again, with its input or another", "repair", operators, retry_run, {}, Takes::json, "RetryAction", "Run"},
    Route{"POST", "/api/v1/runs/{id}:rewind", "rewindRun", "Go back to an earlier task", "repair", operators, rewind_run, {}, Takes::json, "RewindAction", "Run"},
    Route{"POST", "/api/v1/runs/{id}:skip", "skipTask", "End a task that stands still with a given output", "repair", operators, skip_task, {}, Takes::json, "SkipAction", "Run"},
    Route{"POST", "/api/v1/runs/{id}:cancel", "cancelRun", "Undo what a run has done (metadata.compensate), and end it", "repair", operators, cancel_run, {}, Takes::json, "CancelAction", "Run"},
    Route{"POST", "/api/v1/runs/{id}:terminate", "terminateRun", "End a run at once, whatever it has done", "repair", operators, terminate_run, {}, Takes::json, "Action", "Run"},
    Route{"POST", "/api/v1/runs/{id}:migrate", "migrateRun", "Go on under another version of the workflow", "repair", operators, migrate_run, {}, Takes::json, "Migrate", "Run"},
    Route{"GET", "/api/v1/runs/{id}/migration", "previewMigration", "Whether a run can go on under another version, and as which tasks", "repair", viewer, preview_migration, migration_query, Takes::nothing, {}, "Migration"},
    Route{"POST", "/api/v1/batches", "createBatch", "Do one action to every run that a filter finds; with dryRun only count them", "repair", operators, create_batch, {}, Takes::json, "NewBatch", "Batch", "application/json", 201},
    Route{"GET", "/api/v1/batches", "listBatches", "List batches, newest first", "repair", viewer, list_batches, batches_query, Takes::nothing, {}, "BatchList"},
    Route{"GET", "/api/v1/batches/{id}", "showBatch", "Read a batch and how far it is", "repair", viewer, show_batch, {}, Takes::nothing, {}, "Batch"},
    Route{"GET", "/api/v1/batches/{id}/items", "listBatchItems", "List the runs of a batch and what became of each", "repair", viewer, list_batch_items, items_query, Takes::nothing, {}, "BatchItemList"},
    Route{"POST", "/api/v1/batches/{id}:pause", "pauseBatch", "Begin no further runs for now", "repair", operators, pause_batch, {}, Takes::json, "Action", "Batch"},
    Route{"POST", "/api/v1/batches/{id}:resume", "resumeBatch", "Go on with a paused batch", "repair", operators, resume_batch, {}, Takes::json, "ResumeBatch", "Batch"},
    Route{"POST", "/api/v1/batches/{id}:cancel", "cancelBatch", "Begin no further runs ever", "repair", operators, cancel_batch, {}, Takes::json, "Action", "Batch"},
    Route{"GET", "/api/v1/providers", "listProviders", "Health, limits and parked calls of each provider and account", "outages", viewer, list_providers, {}, Takes::nothing, {}, "ProviderList"},
    Route{"POST", "/api/v1/providers/{name}:open", "openProvider", "Let no call leave to a provider: due calls park", "outages", operators, open_provider, {}, Takes::json, "ProviderOpening", "ProviderList"},
    Route{"POST", "/api/v1/providers/{name}:close", "closeProvider", "Let calls leave again: what is parked drains", "outages", operators, close_provider, {}, Takes::json, "ProviderAction", "ProviderList"},
    Route{"POST", "/api/v1/providers/{name}:limit", "limitProvider", "Limit the rate of calls, or how many are under way, over all nodes", "outages", operators, limit_provider, {}, Takes::json, "ProviderLimit", "ProviderList"},
    Route{"POST", "/api/v1/providers/{name}:maintenance", "declareMaintenance", "Declare a maintenance window: due calls park from its begin to its end", "outages", operators, declare_maintenance, {}, Takes::json, "ProviderMaintenance", "ProviderList"},
    Route{"POST", "/api/v1/events", "receiveEvents", "Hand in CloudEvents: structured, binary or a batch", "events", starter, receive_events, {}, Takes::cloud_events, "CloudEvent", "Delivery", "application/json", 202},
    Route{"GET", "/api/v1/inbox", "listInbox", "List the events that came in, newest first", "events", viewer, list_inbox, inbox_query, Takes::nothing, {}, "InboxList"},
    Route{"GET", "/api/v1/inbox/{id}", "showInboxEntry", "Read an event that came in", "events", viewer, show_inbox_entry, {}, Takes::nothing, {}, "InboxEntry"},
    Route{"POST", "/api/v1/inbox/{id}:replay", "replayInboxEntry", "Route a stored event once more", "events", operators, replay_inbox_entry, {}, Takes::json, "Action", "Delivery"},
    Route{"GET", "/api/v1/outbox", "listSinks", "List the sinks of emitted events, how far each is and what it refuses", "events", viewer, list_sinks, {}, Takes::nothing, {}, "SinkList"},
    Route{"GET", "/api/v1/outbox/{sink}", "showSink", "Read a sink, with the event that it gets next", "events", viewer, show_sink, {}, Takes::nothing, {}, "Sink"},
    Route{"POST", "/api/v1/outbox/{sink}:retry", "retrySink", "Send the next event of a sink at once", "events", operators, retry_sink, {}, Takes::json, "Action", "Sink"},
    Route{"POST", "/api/v1/outbox/{sink}:skip", "skipEvent", "Leave out the event that a sink does not take", "events", operators, skip_event, {}, Takes::json, "SkipEventAction", "Sink"},
    Route{"GET", "/api/v1/records/{collection}", "listRecords", "List the records of a collection", "records", viewer, list_records, records_query, Takes::nothing, {}, "StoredRecordList"},
    Route{"GET", "/api/v1/records/{collection}/{key}", "showRecord", "Read a record", "records", viewer, show_record, {}, Takes::nothing, {}, "StoredRecord"},
    Route{"GET", "/api/v1/audit", "listAudit", "List what operators did, newest first", "audit", operators, list_audit, audit_query, Takes::nothing, {}, "AuditList"},
    Route{"POST", "/api/v1/reconciliations", "recordReconciliation", "Record what a comparison with a provider has found", "audit", operators, record_reconciliation, {}, Takes::json, "Reconciliation", "Recorded", "application/json", 201},
    Route{"POST", "/api/v1/reconciliations:read", "readProvider", "Read a list or an object of a provider with the node's key, for a comparison", "audit", admin, read_provider, {}, Takes::json, "ProviderRead", "ProviderObject"},
    Route{"GET", "/api/v1/activities", "listActivities", "List the catalog of activities, with their schemas", "workflows", viewer, list_activities, {}, Takes::nothing, {}, "ActivityList"},
    Route{"POST", "/webhooks/stripe", "receiveStripe", "Stripe's events, signed over the raw body", "events", Role::none, receive_stripe, webhook_query, Takes::raw, "StripeEvent", "Delivery"},
    Route{"POST", "/webhooks/{source}", "receiveWebhook", "A configured sender's events, signed over the raw body", "events", Role::none, receive_webhook, webhook_query, Takes::raw, "Webhook", "Delivery"},
    Route{"GET", "/", "showIndex", "What this is", "node", Role::none, show_index, {}, Takes::nothing, {}, {}, "application/json, text/html", 200, false},
    Route{"GET", "/healthz", "showHealth", "Whether the process serves", "node", Role::none, show_health, {}, Takes::nothing, {}, "Health", "application/json", 200, false},
    Route{"GET", "/readyz", "showReadiness", "Whether the node takes work, and why not", "node", Role::none, show_readiness, {}, Takes::nothing, {}, "Health", "application/json", 200, false},
    Route{"GET", "/metrics", "showMetrics", "Figures in Prometheus' text format", "node", Role::none, show_metrics, {}, Takes::nothing, {}, {}, "text/plain", 200, false},
    Route{"GET", "/openapi.json", "showOpenapi", "This description", "node", Role::none, show_openapi, {}, Takes::nothing, {}, {}, "application/json", 200, false},
    Route{"GET", "/problems", "listProblems", "The kinds of problems", "node", Role::none, list_problems, {}, Takes::nothing, {}, {}, "application/json, text/html", 200, false},
    Route{"GET", "/problems/{slug}", "showProblem", "What a kind of problem means, and what to do", "node", Role::none, show_problem, {}, Takes::nothing, {}, {}, "text/html, application/json", 200, false}
};
// clang-format on

// What `path` would be if it were meant for `pattern`: the pattern's words, the path's parameters.
std::string meant_for(std::string_view pattern, std::string_view path) {
  std::string out;
  while (!pattern.empty()) {
    const auto wanted = pattern.substr(0, pattern.find('/', 1));
    auto came = path.substr(0, path.find('/', std::min<std::size_t>(1, path.size())));
    pattern.remove_prefix(wanted.size());
    path.remove_prefix(came.size());
    const auto verb = wanted.find("}:");
    if (!wanted.starts_with("/{") || came.empty()) {
      out += wanted;
    } else if (verb == std::string_view::npos) {
      out += came;
    } else {
      out += came.substr(0, came.rfind(':'));
      out += wanted.substr(verb + 1);
    }
  }
  return out;
}

Error no_route(std::string_view path) {
  path = path.substr(0, 200);
  std::vector<std::string> meant;
  for (const Route& route : table) {
    auto candidate = meant_for(route.pattern, path);
    if (candidate != path) meant.push_back(std::move(candidate));  // "x:retri" is no id
  }
  const auto best = did_you_mean(path, meant);
  return {.code = ErrorCode::not_found,
          .detail = "There is no route " + std::string(path) + ". " +
                    (best.empty() ? "/openapi.json lists every route." : best)};
}

}  // namespace

std::span<const Route> routes() {
  return table;
}

Result<Found> find_route(std::string_view method, std::string_view path, std::string& allow) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (method == "HEAD") method = "GET";
  std::string best;
  Found found;
  for (const Route& route : table) {
    auto parameters = match_path(route.pattern, path, true);
    if (!parameters) continue;
    const auto order = specificity(route.pattern);
    if (!best.empty() && order > best) continue;
    if (best.empty() || order < best) {
      best = order;
      allow.clear();
      found = {};
    }
    allow += (allow.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == method) found = {&route, *std::move(parameters)};
  }
  if (best.empty()) return std::unexpected(no_route(path));
  if (allow.find("GET") != std::string::npos) allow += ", HEAD";
  allow += ", OPTIONS";
  if (found.route != nullptr || method == "OPTIONS") return found;
  return fail(ErrorCode::method_not_allowed, std::string(path.substr(0, 200)) + " takes " + allow +
                                                 ", not " + std::string(method) + ".");
}

bool is_reserved(std::string_view pattern) {
  for (const std::string_view folder : {"/api/v1/", "/webhooks/", "/problems/", "/console/"})
    if (pattern.starts_with(folder) || pattern == folder.substr(0, folder.size() - 1)) return true;
  // "/{anything}" would take "/metrics" too.
  return std::any_of(table.begin(), table.end(), [&](const Route& route) {
    return same_shape(pattern, route.pattern) || match_path(pattern, route.pattern).has_value();
  });
}

}  // namespace sequent::api
