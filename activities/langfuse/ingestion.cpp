#include "activities/langfuse/ingestion.hpp"

#include "activities/input.hpp"
#include "activities/langfuse/batch.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::langfuse {

namespace {

using runtime::ActivityResult;
using runtime::Attempt;

// Requests of one attempt: every cut and every repetition is one; past it the engine takes over.
constexpr int max_requests = 64;

runtime::ActivitySpec ingestion_spec() {
  runtime::ActivitySpec spec;
  spec.name = "langfuse.ingestion.send";
  spec.version = "1";
  spec.provider = "langfuse";
  spec.summary = "Sends tracing events; each is stored once, by the id of its envelope.";
  spec.input_schema = literal(R"json({
    "type": "object",
    "required": ["batch"],
    "additionalProperties": false,
    "properties": {
      "batch": {
        "type": "array", "minItems": 1, "maxItems": 5000,
        "items": {
          "type": "object",
          "required": ["id", "timestamp", "type", "body"],
          "additionalProperties": false,
          "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 800,
                   "description": "of the envelope: what is sent twice under it is stored once"},
            "timestamp": {"type": "string", "format": "date-time"},
            "type": {"enum": ["trace-create", "span-create", "span-update", "generation-create",
                              "generation-update", "event-create", "observation-create",
                              "observation-update", "score-create", "sdk-log"]},
            "body": {"type": "object", "description": "its id names the trace or observation"},
            "metadata": {}
          }
        }
      },
      "metadata": {},
      "allowPartial": {"type": "boolean", "default": false,
        "description": "true: refused events are in the output and raise no error"}
    }
  })json");
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["accepted", "refused"],
    "properties": {
      "accepted": {"type": "array", "items": {"type": "string"}},
      "refused": {"type": "array", "items": {
        "type": "object", "required": ["id", "status"],
        "properties": {"id": {"type": "string"}, "status": {"type": "integer"},
                       "message": {"type": "string"}}}}
    }
  })json");
  spec.idempotent = true;
  return compiled(std::move(spec));
}

Failure incomplete(Outcome outcome, int status, std::string title, std::string detail,
                   const BatchProgress& progress) {
  Failure failure;
  failure.outcome = outcome;
  failure.problem = provider_problem("langfuse", ErrorKind::communication, status, std::move(title),
                                     std::move(detail));
  failure.problem.extensions.update(progress.output());
  if (!progress.unfinished().empty())
    failure.problem.extensions["unfinished"] = progress.unfinished();
  return failure;
}

ActivityResult finished(const BatchProgress& progress, bool allow_partial) {
  if (!progress.unfinished().empty())
    return std::unexpected(incomplete(
        Outcome::transient, 500, "Events not stored",
        "Langfuse failed to store " + std::to_string(progress.unfinished().size()) + " events in " +
            std::to_string(max_rounds) + " requests; all are sent again later",
        progress));
  if (progress.has_refused() && !allow_partial)
    return std::unexpected(incomplete(
        Outcome::permanent, 400, "Events refused",
        "Langfuse refused some events for good, see `refused`; correct them and retry, or set "
        "allowPartial to go on without them",
        progress));
  return progress.output();
}

Call call_of(const Attempt& attempt, const Json& input, const Json& events) {
  Call call;
  call.method = "POST";
  call.path = "/api/public/ingestion";
  call.body = Json::object();
  call.body["batch"] = events;
  if (input.contains("metadata")) call.body["metadata"] = input.at("metadata");
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  return call;
}

}  // namespace

IngestionSend::IngestionSend(std::shared_ptr<Client> client)
    : client_(std::move(client)), spec_(ingestion_spec()) {
  spec_.timeout_ms = client_->config().timeout_ms;
}

boost::asio::awaitable<ActivityResult> IngestionSend::run(Attempt attempt, Json input) {
  if (auto refused = refused_input(spec_, input)) co_return std::unexpected(std::move(*refused));
  BatchProgress progress(input["batch"]);
  for (int sent = 0; sent < max_requests; ++sent) {
    const Json events = progress.take();
    if (events.empty()) co_return finished(progress, input.value("allowPartial", false));
    Call call = call_of(attempt, input, events);
    const auto answer = co_await client_->send(std::move(call));
    if (answer)
      progress.answered(events, *answer);
    else if (answer.error().problem.status == 413)
      progress.too_large(events);
    else
      co_return std::unexpected(answer.error());
  }
  co_return std::unexpected(incomplete(Outcome::permanent, 413, "Too many requests for one batch",
                                       "the batch was not stored within " +
                                           std::to_string(max_requests) +
                                           " requests; send fewer or smaller events at once",
                                       progress));
}

}  // namespace sequent::activities::langfuse
