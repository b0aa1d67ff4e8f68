#include "workflowtest/stage.hpp"

#include "engine/machine/codec.hpp"
#include "engine/runtime/system_clock.hpp"

namespace sequent::workflowtest {
namespace {

namespace asio = boost::asio;

constexpr DurationMs lease_ttl_ms = 6 * 3'600'000;  // days go by in few turns
constexpr int most_handlers = 1'000'000;            // of one moment: an endless loop ends the test
constexpr int most_moments = 200'000;               // of one move of the clock
constexpr std::size_t rows_a_read = 10'000;

// What escapes a handler is our own bug: it ends the test with its words.
void rethrow(const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

template <class T>
asio::awaitable<void> keep(asio::awaitable<T> call, std::shared_ptr<std::optional<T>> into) {
  T result = co_await std::move(call);
  into->emplace(std::move(result));
}

}  // namespace

Stage::Stage(Setting setting) : clock_(setting.clock) {
  config_.node = "workflowtest";
  config_.threads = 1;
  config_.lease_ttl_ms = lease_ttl_ms;
  config_.secret = std::move(setting.secret);
  config_.compile = [programs = std::move(setting.programs)](
                        const std::string& text, const definition::CompileOptions& options) {
    return programs->compile(text, options);
  };
}

// Whoever waits is destroyed with the event loop, before what it waits for.
Stage::~Stage() {
  engine_.reset();
  settle();
  io_.reset();
}

Result<void> Stage::open() {
  runtime::EngineParts parts;
  parts.commits = runtime::inline_runner(io_->get_executor());
  parts.reads = runtime::inline_runner(io_->get_executor());
  parts.alarms = crashtest::alarms_on(agenda_);
  parts.random = [](PartitionId) { return runtime::seeded_random(1); };
  engine_ = std::make_unique<runtime::Engine>(
      config_, runtime::Ports{store_, store_, store_, clock_, activities_}, io_->get_executor(),
      std::move(parts));
  auto started = engine_->start();
  if (started) settle();
  return started;
}

template <class T>
Result<T> Stage::get(asio::awaitable<Result<T>> call, const char* what) {
  auto answer = std::make_shared<std::optional<Result<T>>>();
  asio::co_spawn(*io_, keep(std::move(call), answer), rethrow);
  settle();
  if (answer->has_value()) return std::move(**answer);
  return fail(ErrorCode::internal, std::string("The engine did not answer to ") + what + ".");
}

Result<definition::ProgramPtr> Stage::deploy(const std::string& text, const std::string& file) {
  auto deployed = get(engine_->deploy(text, file), "a deployment");
  if (!deployed) return std::unexpected(std::move(deployed.error()));
  return deployed->program;
}

Result<InstanceId> Stage::start(runtime::StartRequest request) {
  auto started = get(engine_->start_run(std::move(request)), "a start");
  if (!started) return std::unexpected(std::move(started.error()));
  return started->id;
}

Result<runtime::RunDetails> Stage::read(const InstanceId& id) {
  return get(engine_->read(id), "a read");
}

Result<void> Stage::deliver(Json event) {
  auto delivered = get(engine_->deliver(std::move(event), "test"), "an event");
  if (!delivered) return std::unexpected(std::move(delivered.error()));
  return {};
}

void Stage::settle() {
  io_->restart();
  for (int i = 0; io_->poll_one() > 0; ++i)
    if (i > most_handlers)
      throw std::runtime_error("the engine finds no rest: it ran a million handlers at one moment");
}

void Stage::move_to(Timestamp at) {
  for (int moment = 0; moment < most_moments; ++moment) {
    settle();
    const auto next = agenda_->next();
    if (!next || *next > at) {
      clock_.move_to(at);
      return;
    }
    clock_.move_to(*next);
    agenda_->run_due(clock_.now());
  }
  throw std::runtime_error("the engine finds no rest: it woke " + std::to_string(most_moments) +
                           " times in one wait");
}

Result<machine::Records> Stage::journal(const InstanceId& id) {
  machine::Records all;
  while (true) {
    const auto rows = store_.journal(id, all.empty() ? 0 : all.back().seq, rows_a_read);
    if (rows.empty()) return all;
    for (const auto& text : rows) {
      auto records = machine::decode(text);
      if (!records) return std::unexpected(std::move(records.error()));
      for (auto& record : *records) all.push_back(std::move(record));
    }
  }
}

}  // namespace sequent::workflowtest
