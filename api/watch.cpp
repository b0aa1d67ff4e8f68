// Server-sent events: what happens to one run, or to all.
#include <boost/asio/this_coro.hpp>

#include "api/request.hpp"
#include "api/resources.hpp"
#include "api/run_json.hpp"
#include "engine/definition/workflow_name.hpp"

namespace sequent::api {
namespace {

using std::chrono::steady_clock;

// Short, so that a stream whose peer has left, or whose server stops, ends soon.
constexpr DurationMs look_for_leaving_ms = 1'000;

std::string sent_event(const Json& data, const char* name, std::optional<std::uint64_t> id) {
  std::string text;
  if (id) text += "id: " + std::to_string(*id) + "\n";
  text += "event: " + std::string(name) + "\n";
  text += "data: " + dump_json(data) + "\n\n";
  return text;
}

Json state_json(const runtime::RunDetails& run) {
  runtime::RunNotice notice;
  notice.id = run.state.id;
  const auto& ref = run.program->ref;
  notice.workflow = full_name(ref);
  notice.seq = run.state.seq;
  notice.status = machine::name_of(run.view.status);
  notice.task = run.view.task;
  notice.waiting_kind = run.view.waiting_for.kind;
  notice.at = run.state.updated_at;
  return notice_json(notice);
}

struct Stream {
  ContextPtr context;
  std::shared_ptr<runtime::Watch> watch;
  bool one_run = false;
  std::string opening;     // the run's state as the reader should know it
  std::uint64_t seen = 0;  // of one run: the last `seq` that was told
};

// What the queue holds, as text for the peer.
std::string told(Stream& stream, const std::vector<runtime::RunNotice>& notices) {
  std::string text;
  if (stream.watch->lost())
    text += sent_event({{"detail", "Some notices were dropped: read the runs anew."}}, "lost", {});
  for (const auto& notice : notices) {
    if (stream.one_run && notice.seq <= stream.seen) continue;
    stream.seen = notice.seq;
    // Only the records of one run are numbered in one row.
    const auto id = stream.one_run ? std::optional{notice.seq} : std::nullopt;
    text += sent_event(notice_json(notice), "run", id);
  }
  return text;
}

asio::awaitable<void> write_stream(Stream stream, net::ResponseStream& out) {
  const std::chrono::milliseconds heartbeat{stream.context->config.heartbeat_ms};
  const DurationMs pause = std::min<DurationMs>(look_for_leaving_ms, heartbeat.count());
  auto last_write = steady_clock::now();
  std::string first = ": watching\n\n" + stream.opening;
  bool open = co_await out.write(std::move(first));
  while (open && !out.closed()) {
    if (stream.context->ports.engine.health() == runtime::Health::stopping) co_return;
    auto waiting = stream.watch->next(pause);
    const auto notices = co_await std::move(waiting);
    std::string text = told(stream, notices);
    if (text.empty() && steady_clock::now() - last_write >= heartbeat) text = ": heartbeat\n\n";
    if (text.empty()) continue;
    open = co_await out.write(std::move(text));
    last_write = steady_clock::now();
  }
}

Answer stream_answer(Stream stream) {
  Answer answer;
  answer.response.headers.set("Content-Type", "text/event-stream");
  answer.response.headers.set("Cache-Control", "no-store");
  answer.response.headers.set("X-Accel-Buffering", "no");  // nginx would hold events back
  answer.stream = [stream = std::move(stream)](net::ResponseStream& out) {
    return write_stream(stream, out);
  };
  return answer;
}

// Api keeps the context alive with the handler; streams outlive no server, so no owner is needed.
ContextPtr borrowed(Context& context) {
  return {ContextPtr{}, &context};
}

}  // namespace

asio::awaitable<Answer> watch_run(Context& context, const Call& call) {
  const auto id = run_id(call);
  if (!id) co_return problem(context, id.error());
  std::uint64_t seen = 0;
  if (const auto* last = call.request.headers.find("Last-Event-ID"))
    seen = std::strtoull(last->c_str(), nullptr, 10);  // anything else: from the beginning
  Stream stream;
  stream.context = borrowed(context);
  stream.one_run = true;
  // First the queue, then the state: what happens in between is told twice rather than never.
  stream.watch = context.ports.engine.watch(*id);
  auto reading = context.ports.engine.read(*id);
  const auto run = co_await std::move(reading);
  if (!run) co_return problem(context, run.error());
  stream.seen = run->state.seq;
  if (run->state.seq > seen) stream.opening = sent_event(state_json(*run), "run", run->state.seq);
  co_return stream_answer(std::move(stream));
}

asio::awaitable<Answer> watch_all(Context& context, const Call&) {
  Stream stream;
  stream.context = borrowed(context);
  stream.watch = context.ports.engine.watch(std::nullopt);
  co_return stream_answer(std::move(stream));
}

}  // namespace sequent::api
