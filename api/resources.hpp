#pragma once
// The handlers of the table in routes.cpp, by file.
#include "api/context.hpp"

namespace sequent::api {

#define SEQUENT_HANDLER(name) asio::awaitable<Answer> name(Context& context, const Call& call)

// workflows.cpp
SEQUENT_HANDLER(deploy_workflow);
SEQUENT_HANDLER(delete_workflow);
SEQUENT_HANDLER(list_workflows);
SEQUENT_HANDLER(show_workflow);
// diagram.cpp
SEQUENT_HANDLER(show_workflow_diagram);
SEQUENT_HANDLER(show_run_diagram);
// starts.cpp
SEQUENT_HANDLER(start_run);
// runs.cpp
SEQUENT_HANDLER(list_runs);
SEQUENT_HANDLER(search_runs);
SEQUENT_HANDLER(aggregate_runs);
SEQUENT_HANDLER(show_run);
SEQUENT_HANDLER(show_result);
// journal.cpp
SEQUENT_HANDLER(show_journal);
// watch.cpp
SEQUENT_HANDLER(watch_run);
SEQUENT_HANDLER(watch_all);
// actions.cpp
SEQUENT_HANDLER(suspend_run);
SEQUENT_HANDLER(resume_run);
SEQUENT_HANDLER(cancel_run);
SEQUENT_HANDLER(terminate_run);
SEQUENT_HANDLER(migrate_run);
SEQUENT_HANDLER(preview_migration);
SEQUENT_HANDLER(retry_run);
SEQUENT_HANDLER(skip_task);
SEQUENT_HANDLER(rewind_run);
// batches.cpp
SEQUENT_HANDLER(create_batch);
SEQUENT_HANDLER(list_batches);
SEQUENT_HANDLER(show_batch);
SEQUENT_HANDLER(list_batch_items);
SEQUENT_HANDLER(pause_batch);
SEQUENT_HANDLER(resume_batch);
SEQUENT_HANDLER(cancel_batch);
// providers.cpp
SEQUENT_HANDLER(list_providers);
SEQUENT_HANDLER(open_provider);
SEQUENT_HANDLER(close_provider);
SEQUENT_HANDLER(limit_provider);
SEQUENT_HANDLER(declare_maintenance);
// events.cpp
SEQUENT_HANDLER(receive_events);
// inbox.cpp
SEQUENT_HANDLER(list_inbox);
SEQUENT_HANDLER(show_inbox_entry);
SEQUENT_HANDLER(replay_inbox_entry);
// outbox.cpp
SEQUENT_HANDLER(list_sinks);
SEQUENT_HANDLER(show_sink);
SEQUENT_HANDLER(retry_sink);
SEQUENT_HANDLER(skip_event);
// listings.cpp
SEQUENT_HANDLER(list_records);
SEQUENT_HANDLER(show_record);
SEQUENT_HANDLER(list_audit);
SEQUENT_HANDLER(list_activities);
// reconciliations.cpp
SEQUENT_HANDLER(record_reconciliation);
SEQUENT_HANDLER(read_provider);
// webhooks.cpp
SEQUENT_HANDLER(receive_stripe);
SEQUENT_HANDLER(receive_webhook);
// health.cpp
SEQUENT_HANDLER(show_index);
SEQUENT_HANDLER(show_health);
SEQUENT_HANDLER(show_readiness);
SEQUENT_HANDLER(show_metrics);
// problem_pages.cpp
SEQUENT_HANDLER(list_problems);
SEQUENT_HANDLER(show_problem);
// openapi.cpp
SEQUENT_HANDLER(show_openapi);

#undef SEQUENT_HANDLER

}  // namespace sequent::api
