#include "api/problem.hpp"

#include <array>

#include "base/assert.hpp"
#include "base/json.hpp"

namespace sequent::api {
namespace {

// In the order of ErrorCode.
constexpr std::array<ProblemKind, 23> kinds{{
    {ErrorCode::invalid_json, "invalid-json", "The body is no JSON", 400,
     "The body, or a part of it that must be JSON, could not be read as JSON.",
     "Look at `line` and `column` of the first entry of `errors`."},
    {ErrorCode::invalid_request, "invalid-request", "The request breaks its contract", 400,
     "A header, a parameter or a member of the body is missing, unknown or of the wrong kind.",
     "Every entry of `errors` names one place and what was expected there. /openapi.json has the "
     "whole contract."},
    {ErrorCode::invalid_definition, "invalid-definition", "The workflow has mistakes", 422,
     "The document is no workflow that this engine can run.",
     "Every entry of `errors` is one mistake with its line, column and JSON Pointer. `sequent "
     "validate FILE` shows the same without deploying."},
    {ErrorCode::invalid_input, "invalid-input", "The input does not fit the workflow", 422,
     "The schema of the workflow's `input` refuses what was sent. No run was started.",
     "Every entry of `errors` points to one place in the input."},
    {ErrorCode::unauthenticated, "unauthenticated", "Credentials are missing or not valid", 401,
     "The request carries no credentials, or some that are not (or no longer) valid.",
     "Send `Authorization: Bearer <token>` with a token of this installation."},
    {ErrorCode::forbidden, "forbidden", "Not allowed", 403,
     "The caller is known, but lacks the role that this call needs.",
     "Ask an administrator for the role that `detail` names."},
    {ErrorCode::not_found, "not-found", "There is no such thing", 404,
     "No route, workflow, run, record or event has this name.",
     "Check the spelling; `detail` names the nearest one where there is one."},
    {ErrorCode::method_not_allowed, "method-not-allowed", "The route takes other methods", 405,
     "The path exists, but not with this method.", "Use a method that the `Allow` header names."},
    {ErrorCode::not_acceptable, "not-acceptable", "No answer in the asked format", 406,
     "The `Accept` header names no format that this route can answer in.",
     "Ask for a format that `detail` names, or leave the header out."},
    {ErrorCode::unsupported_media_type, "unsupported-media-type", "The body has another format",
     415, "The `Content-Type` of the body is none that this route reads.",
     "Send a format that `detail` names, with its `Content-Type`."},
    {ErrorCode::conflict, "conflict", "It exists already, and differs", 409,
     "Something with the same name exists and has other content: a published version of a "
     "workflow never changes, and two workflows cannot bind one route.",
     "Raise the version of the workflow, or bind another route."},
    {ErrorCode::key_taken, "key-taken", "The business key belongs to another run", 409,
     "At most one run exists for each business key of a workflow, and `onConflict=reject` asked to "
     "be told.",
     "Read the run that `detail` names, or start with `onConflict=return`."},
    {ErrorCode::idempotency_mismatch, "idempotency-mismatch", "The key was used with other input",
     422, "The same Idempotency-Key (or business key) came before with another payload.",
     "Send the payload of the first request to get its run again, or use a new key for new work."},
    {ErrorCode::wrong_state, "wrong-state", "The run's state does not allow this", 409,
     "The action fits runs in another state: only a run that stands still can be retried, only a "
     "suspended one resumed.",
     "Read the run: `status`, `task` and `waitingFor` say where it is."},
    {ErrorCode::too_large, "too-large", "Past a limit on size", 413,
     "A body, a payload, a header or a journal is larger than its limit.",
     "Send less, or refer to the data instead of carrying it; the limits are settings."},
    {ErrorCode::too_many_requests, "too-many-requests", "Too much at once", 429,
     "A limit on rate or on concurrent work is reached. Nothing was started.",
     "Send the same request, with the same Idempotency-Key, after `Retry-After` seconds."},
    {ErrorCode::unavailable, "unavailable", "Not now", 503,
     "The node starts, stops, or its store cannot write at the moment.",
     "Send the same request, with the same Idempotency-Key, after `Retry-After` seconds. /readyz "
     "says what is wrong."},
    {ErrorCode::fenced, "fenced", "Another node has taken over", 503,
     "The node lost the partition of this run while it worked; nothing was written.",
     "Send the request again."},
    {ErrorCode::lease_held, "lease-held", "Another process has the store", 503,
     "Another process owns the store or the partition of this run.",
     "Stop the other process, or wait until its lease has run out."},
    {ErrorCode::expression, "expression", "An expression failed", 422,
     "An expression of the workflow (its business key, an attribute) failed on this input.",
     "Correct the input, or the expression that `detail` names."},
    {ErrorCode::timed_out, "timed-out", "It took too long", 408,
     "Something that was waited for did not come in time.",
     "Send it again; a start with an Idempotency-Key is never doubled."},
    {ErrorCode::cancelled, "cancelled", "It was cancelled", 409,
     "The run was cancelled before it could answer.", "Read the run; its `reason` says why."},
    {ErrorCode::transport, "transport", "An outbound request failed", 502,
     "A request to another system could not be sent, or was not answered.",
     "Try again; if it stays, check the other system and the network."},
}};
constexpr ProblemKind internal_kind{
    ErrorCode::internal,
    "internal",
    "Our own fault",
    500,
    "Something failed that should not. The log of the node has more.",
    "Send the request again; if it stays, report it with the time and the path."};

constexpr ProblemKind unconfirmed_kind{unconfirmed,
                                       "needs-confirmation",
                                       "It has effects that have to be confirmed",
                                       409,
                                       "What was asked would undo what was done, do it again, or "
                                       "change more than it names. Nothing was "
                                       "done yet.",
                                       "Every entry of `errors` is one effect. Send the same "
                                       "request with `confirm: true`, where `detail` "
                                       "says, if that is meant."};

ErrorCode code_of(int status) {
  for (const auto& kind : kinds)
    if (kind.status == status && kind.code != ErrorCode::invalid_json) return kind.code;
  if (status == 431) return ErrorCode::too_large;
  return status >= 500 ? ErrorCode::internal : ErrorCode::invalid_request;
}

Json to_json(const Finding& finding) {
  Json json{{"detail", finding.message}, {"pointer", finding.pointer}};
  if (!finding.file.empty()) json["file"] = finding.file;
  if (finding.line > 0) json["line"] = finding.line;
  if (finding.column > 0) json["column"] = finding.column;
  if (!finding.hint.empty()) json["hint"] = finding.hint;
  return json;
}

net::ServerResponse respond(const Error& error, int status, std::string_view base) {
  const ProblemKind& kind = kind_of(error.code);
  Json body{{"type", std::string(base) + "/problems/" + std::string(kind.slug)},
            {"title", kind.title},
            {"status", status},
            {"detail", error.detail}};
  for (const Finding& finding : error.findings) body["errors"].push_back(to_json(finding));
  net::ServerResponse response;
  response.status = status;
  response.headers.set("Content-Type", "application/problem+json");
  const bool passing = status == 429 || status == 503;
  if (error.retry_after_seconds > 0 || passing)
    response.headers.set("Retry-After", std::to_string(std::max(1, error.retry_after_seconds)));
  response.body = dump_json(body);
  return response;
}

}  // namespace

std::span<const ProblemKind> problem_kinds() {
  static const auto all = [] {
    std::vector<ProblemKind> list{kinds.begin(), kinds.end()};
    list.push_back(internal_kind);
    list.push_back(unconfirmed_kind);
    return list;
  }();
  return all;
}

const ProblemKind& kind_of(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  const ProblemKind& other = code == unconfirmed ? unconfirmed_kind : internal_kind;
  const ProblemKind& kind = index < kinds.size() ? kinds[index] : other;
  SEQUENT_ASSERT(kind.code == code);
  return kind;
}

const ProblemKind* find_kind(std::string_view slug) {
  for (const auto& kind : problem_kinds())
    if (kind.slug == slug) return &kind;
  return nullptr;
}

net::ServerResponse problem_response(const Error& error, std::string_view base) {
  return respond(error, kind_of(error.code).status, base);
}

net::ServerResponse problem_response(int status, std::string detail, std::string_view base) {
  const Error error{.code = code_of(status), .detail = std::move(detail)};
  return respond(error, status, base);
}

}  // namespace sequent::api
