#include "engine/runtime/engine.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/digest.hpp"
#include "engine/definition/workflow_name.hpp"
#include "engine/runtime/cluster.hpp"
#include "engine/runtime/engine_impl.hpp"
#include "engine/runtime/events.hpp"
#include "engine/runtime/fold.hpp"
#include "engine/runtime/partition.hpp"
#include "engine/runtime/starts.hpp"
#include "engine/runtime/triggers.hpp"

namespace sequent::runtime {
namespace {

namespace asio = boost::asio;

}  // namespace

definition::CompileOptions Engine::Impl::compile_options(std::string file) const {
  definition::CompileOptions options;
  options.file = std::move(file);
  options.catalog = &node->ports.activities;
  options.expression_limits = node->config.expression_limits;
  // Partitions evaluate, and so do events on their way in.
  options.interpreters = node->config.threads + 1;
  return options;
}

Result<definition::ProgramPtr> Engine::Impl::compile(const std::string& text,
                                                     std::string file) const {
  const auto options = compile_options(std::move(file));
  const auto& own = node->config.compile;
  return own ? own(text, options) : definition::compile(text, options);
}

Result<void> Engine::Impl::learn(bool skip_broken) {
  const std::lock_guard one_at_a_time{learning};
  std::vector<DeployedProgram> programs;
  std::vector<definition::ProgramPtr> deleted;
  // First the revision: the catalogue never has less than it says.
  const auto revision = node->ports.definitions.definitions_revision();
  const auto stored = node->ports.definitions.all();
  const auto catalogue = node->definitions.catalogue();
  for (const auto& one : stored) {
    auto program = catalogue->find(one.digest);
    const bool gone = one.deleted_at != 0;
    const bool same = program && (gone ? catalogue->is_deleted(one.digest)
                                       : catalogue->deployed_at(program) == one.deployed_at);
    if (same) continue;
    const std::string name = definition::full_name({one.workflow_namespace, one.name, one.version});
    if (!program) {
      auto compiled = compile(one.source, name);
      if (!compiled && !skip_broken) return std::unexpected(compiled.error());
      if (compiled)
        program = std::move(*compiled);
      else if (revision != node->definitions_known)
        spdlog::warn("workflow {} is stored, and this release can't read it: {}", name,
                     compiled.error().detail);
    }
    if (!program) continue;
    if (gone)
      deleted.push_back(program);
    else
      programs.push_back({.program = program, .deployed_at = one.deployed_at});
  }
  if (!programs.empty()) node->definitions.add(programs);
  if (!deleted.empty()) node->definitions.retire(deleted);
  node->definitions_known = revision;
  return {};
}

asio::awaitable<Result<Deployed>> Engine::deploy(std::string text, std::string file,
                                                 DeployCheck check) {
  const auto impl = impl_;
  std::function<Result<Deployed>()> job = [impl, text = std::move(text), file = std::move(file),
                                           check = std::move(check)]() -> Result<Deployed> {
    auto& node = *impl->node;
    auto program = impl->compile(text, file);
    if (!program) return std::unexpected(std::move(program.error()));
    const auto allowed = check_triggers(**program);
    if (!allowed) return std::unexpected(allowed.error());
    const auto& ref = (*program)->ref;
    const std::lock_guard one_at_a_time{impl->deploying};
    if (node.cluster != nullptr)
      (void)impl->learn(true);  // the check must see what others deployed
    const auto before = node.definitions.catalogue();
    const bool known =
        before->find((*program)->digest) != nullptr && !before->is_deleted((*program)->digest);
    if (check && !known)
      if (auto fit = check(**program); !fit) return std::unexpected(std::move(fit.error()));
    const Timestamp now = node.ports.clock.now();
    const auto created = node.ports.definitions.put({.workflow_namespace = ref.workflow_namespace,
                                                     .name = ref.name,
                                                     .version = ref.version,
                                                     .digest = (*program)->digest,
                                                     .source = text,
                                                     .deployed_at = now});
    if (!created) return std::unexpected(created.error());
    // One that was there keeps the time that its schedule counts from.
    if (*created || !known)
      node.definitions.add(DeployedProgram{.program = *program, .deployed_at = now});
    node.schedules->refresh();
    if (node.cluster != nullptr && *created) node.cluster->deployed();
    return Deployed{.program = node.definitions.catalogue()->find((*program)->digest),
                    .created = *created};
  };
  return on_reads<Deployed>(impl_->node, std::move(job));
}

definition::ProgramPtr Engine::program(const WorkflowRef& ref) const {
  return impl_->node->definitions.catalogue()->find(ref);
}
definition::ProgramPtr Engine::program(const std::string& digest) const {
  return impl_->node->definitions.catalogue()->find(digest);
}
std::vector<definition::ProgramPtr> Engine::programs() const {
  return impl_->node->definitions.catalogue()->all();
}
std::shared_ptr<const Catalogue> Engine::catalogue() const {
  return impl_->node->definitions.catalogue();
}

namespace {

// Another node may have deployed something a moment ago.
asio::awaitable<Result<bool>> learn_more_than(const std::shared_ptr<Node>& node,
                                              std::shared_ptr<const Catalogue> before) {
  std::function<Result<bool>()> learn = [node, before = std::move(before)]() -> Result<bool> {
    if (node->cluster == nullptr) return false;
    node->learn_definitions();
    return node->definitions.catalogue() != before;
  };
  return on_reads<bool>(node, std::move(learn));
}

}  // namespace

asio::awaitable<Result<bool>> Engine::catch_up(std::shared_ptr<const Catalogue> before) {
  return learn_more_than(impl_->node, std::move(before));
}

namespace {

asio::awaitable<Result<Started>> start_on(std::shared_ptr<Node> node, StartRequest request) {
  const auto& ref = request.workflow;
  StartOrder order;
  const auto known = node->definitions.catalogue();
  order.program = known->find(ref);
  if (!order.program) {
    auto learning = learn_more_than(node, known);
    (void)co_await std::move(learning);
    order.program = node->definitions.catalogue()->find(ref);
  }
  if (!order.program)
    co_return fail(ErrorCode::not_found,
                   "There is no workflow " + full_name(ref) + ": deploy it first.");
  order.input = machine::make_value(std::move(request.input));
  order.key = request.key;
  order.idempotency_key = request.idempotency_key;
  order.restart_if_faulted = request.on_conflict == OnConflict::restart_if_faulted;
  order.started_by = request.started_by;
  auto begin = [node, order](Reply<Result<StartOutcome>> reply) {
    order_start(node, order, std::move(reply));
  };
  auto asking = ask<Result<StartOutcome>>(std::move(begin));
  const Result<StartOutcome> outcome = co_await std::move(asking);
  if (!outcome) co_return std::unexpected(outcome.error());
  Started started;
  started.id = outcome->id;
  started.program = order.program;
  if (!outcome->taken) co_return started;
  const auto judged =
      judge_taken(*outcome->taken, sha256_hex(dump_json(*order.input)), request.on_conflict);
  if (!judged) co_return std::unexpected(judged.error());
  started.replayed = true;
  // The first run may be of another version.
  std::function<Result<std::string>()> look = [node, id = started.id]() -> Result<std::string> {
    const auto summary = node->ports.runs.find(id);
    return summary ? summary->digest : std::string();
  };
  auto looking = on_reads<std::string>(node, std::move(look));
  const Result<std::string> digest = co_await std::move(looking);
  if (!digest) co_return std::unexpected(digest.error());
  const auto first = node->definitions.catalogue()->find(*digest);
  if (first) started.program = first;
  co_return started;
}

}  // namespace

asio::awaitable<Result<Started>> Engine::start_run(StartRequest request) {
  return start_on(impl_->node, std::move(request));
}

asio::awaitable<Result<RunDetails>> Engine::read(InstanceId id) {
  const auto node = impl_->node;
  std::function<Result<RunDetails>()> job = [node, id]() -> Result<RunDetails> {
    const auto stored = node->ports.store.load(id);
    auto summary = node->ports.runs.find(id);
    if (!stored || !summary)
      return fail(ErrorCode::not_found, "There is no run " + id.text() + ".");
    auto folded = fold(*stored);
    if (!folded) return std::unexpected(std::move(folded.error()));
    RunDetails details;
    details.program = node->definitions.catalogue()->find(summary->digest);
    if (!details.program && node->cluster != nullptr) {
      node->learn_definitions();
      details.program = node->definitions.catalogue()->find(summary->digest);
    }
    if (!details.program)
      return fail(ErrorCode::internal,
                  "The definition of run " + id.text() + " is not deployed on this node.");
    const auto fit = machine::fits(*details.program, folded->state);
    if (!fit) return std::unexpected(fit.error());
    details.summary = std::move(*summary);
    details.state = std::move(folded->state);
    details.view = machine::view_of(*details.program, details.state);
    return details;
  };
  return on_reads<RunDetails>(node, std::move(job));
}

asio::awaitable<Result<WaitResult>> Engine::wait(InstanceId id, Until until,
                                                 DurationMs timeout_ms) {
  const auto node = impl_->node;
  const Timestamp deadline = node->ports.clock.now() + timeout_ms;
  auto begin = [node, id, until, deadline](Reply<Result<WaitResult>> reply) {
    node->wait(id, until, deadline, std::move(reply));
  };
  return ask<Result<WaitResult>>(std::move(begin));
}

asio::awaitable<Result<Delivered>> Engine::deliver(Json event, std::string origin,
                                                   DurationMs hold_ms) {
  const auto node = impl_->node;
  auto begin = [node, event = std::move(event), origin = std::move(origin),
                hold_ms](Reply<Result<Delivered>> reply) mutable {
    const auto checked = check_envelope(event);
    if (!checked) return reply(std::unexpected(checked.error()));
    if (node->stopping) return reply(fail(ErrorCode::unavailable, "This node is stopping."));
    route_event(node, std::move(event), 0, origin, std::move(reply), hold_ms);
  };
  return ask<Result<Delivered>>(std::move(begin));
}

asio::awaitable<Result<Delivered>> Engine::replay_event(std::int64_t inbox_id, Json event) {
  const auto node = impl_->node;
  auto begin = [node, inbox_id, event = std::move(event)](Reply<Result<Delivered>> reply) mutable {
    if (node->stopping) return reply(fail(ErrorCode::unavailable, "This node is stopping."));
    route_again(node, std::move(event), inbox_id, std::move(reply));
  };
  return ask<Result<Delivered>>(std::move(begin));
}

std::string Engine::fresh_id() {
  const std::lock_guard turn{impl_->naming};
  return InstanceId::make(impl_->node->ports.clock.now(), impl_->names->next(), 0).text();
}

std::unique_ptr<Watch> Engine::watch(std::optional<InstanceId> id) {
  return impl_->node->watches->open(id);
}

std::unique_ptr<Watch> Engine::watch_request(std::string id) {
  return impl_->node->watches->open_request(std::move(id));
}

EngineStats Engine::stats() const {
  const auto& from = impl_->node->stats;
  EngineStats to;
  to.commits = from.commits;
  to.committed_records = from.committed_records;
  to.committed_changes = from.committed_changes;
  to.started = from.started;
  to.completed = from.completed;
  to.faulted = from.faulted;
  to.cancelled = from.cancelled;
  to.parked = from.parked;
  to.activities_started = from.activities_started;
  to.activities_failed = from.activities_failed;
  to.activity_retries = from.activity_retries;
  to.events = from.events;
  to.timers = from.timers;
  to.loads = from.loads;
  to.evictions = from.evictions;
  to.store_failures = from.store_failures;
  const auto gauge = [](const std::atomic<std::int64_t>& value) {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, value.load()));
  };
  to.resident = gauge(from.resident);
  to.in_flight = gauge(from.in_flight);
  to.queued = gauge(from.queued);
  to.last_commit_ms = static_cast<double>(from.last_commit_ms.load());
  if (to.commits > 0)
    to.mean_commit_ms =
        static_cast<double>(from.commit_ms.load()) / static_cast<double>(to.commits);
  if (impl_->node->outages) to.outages = impl_->node->outages->totals();
  to.partitions = impl_->node->owned();
  return to;
}

}  // namespace sequent::runtime
