// What a comparison with a provider has found, for the audit log. The comparison itself is a
// client's: it reads journals here, and the provider's lists there.
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {
namespace {

constexpr std::size_t most_findings = 1'000;
constexpr std::size_t most_text = 4'000;

struct Reconciliation {
  AuditNote whole;
  std::vector<AuditNote> findings;
};

AuditNote finding_note(const Json& json, Faults& faults, const std::string& pointer) {
  StrictObject object{json, faults, pointer};
  AuditNote note;
  note.action = "reconcile";
  note.outcome = "done";  // the comparison; what it found is the reason, and in full `after`
  const auto finding = object.text("finding");
  const auto kind = object.text("object"), id = object.text("id");
  const auto account = object.text("account"), run = object.text("run");
  const auto cause = object.text("cause", most_text), repair = object.text("repair", most_text);
  object.finish();
  if (json.is_object() && (finding.empty() || id.empty()))
    faults.add(pointer, "expected `finding` and `id`, got none");
  // By its run, so that the run's own entries tell of it; what has no run, by its own id.
  note.target = run.empty() ? id : run;
  note.after = json;
  note.reason = finding + ": " + kind + " " + id + (account.empty() ? "" : " in " + account) +
                ": " + cause + ". Repair: " + repair;
  return note;
}

Result<Reconciliation> parse_reconciliation(const Context& context, const Call& call) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  StrictObject object{*body, faults};
  Reconciliation parsed;
  AuditNote& whole = parsed.whole;
  whole.action = "reconcile";
  whole.target = object.text("provider");
  whole.reason = object.text("summary", most_text);
  const auto since = object.time("since"), until = object.time("until");
  const Json* agrees = object.get("agrees");
  const Json* findings = object.get("findings");
  object.finish();
  if (faults.empty() && (whole.target.empty() || whole.reason.empty() || !since || !until))
    faults.add("", "expected `provider`, `since`, `until` and `summary`, got less");
  if (agrees == nullptr || !agrees->is_boolean())
    faults.add("/agrees", "expected true or false, got " +
                              (agrees == nullptr ? "nothing" : described(*agrees)));
  if (findings == nullptr || !findings->is_array() || findings->size() > most_findings)
    faults.add("/findings", "expected a list of at most " + std::to_string(most_findings) +
                                " findings, got " +
                                (findings == nullptr ? "nothing" : described(*findings)));
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  for (std::size_t i = 0; i < findings->size(); ++i)
    parsed.findings.push_back(
        finding_note((*findings)[i], faults, "/findings/" + std::to_string(i)));
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  whole.outcome = "done";
  whole.after = *body;
  whole.after["findings"] = findings->size();  // each has an entry of its own
  return parsed;
}

}  // namespace

asio::awaitable<Answer> record_reconciliation(Context& context, const Call& call) {
  auto parsed = parse_reconciliation(context, call);
  if (!parsed) co_return problem(context, parsed.error());
  auto noting = audit(context, call, parsed->whole);
  co_await std::move(noting);
  for (const AuditNote& note : parsed->findings) {
    auto noting_one = audit(context, call, note);
    co_await std::move(noting_one);
  }
  Json recorded{{"recorded", parsed->findings.size() + 1}};
  co_return json_answer(201, recorded);
}

// For admins alone: what a provider keeps of its customers is more than the journals show.
asio::awaitable<Answer> read_provider(Context& context, const Call& call) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) co_return problem(context, body.error());
  Faults faults;
  StrictObject object{*body, faults};
  const std::string provider = object.text("provider"), path = object.text("path");
  const std::string account = object.text("account");
  const Json* asked = object.get("parameters");
  object.finish();
  if (faults.empty() && (provider.empty() || path.empty()))
    faults.add("", "expected `provider` and `path`, got less");
  const bool none = asked == nullptr || asked->is_null();
  if (!none && !asked->is_object())
    faults.add("/parameters", "expected an object, got " + described(*asked));
  if (!faults.empty()) co_return problem(context, faults.error("The body"));
  const Error unknown{.code = ErrorCode::not_found,
                      .detail = "This node has no key of " + provider.substr(0, 80) + "."};
  if (!context.ports.provider_lists) co_return problem(context, unknown);
  const Json parameters = none ? Json::object() : *asked;
  auto reading = context.ports.provider_lists(provider, path, parameters, account);
  const auto read = co_await std::move(reading);
  if (!read) co_return problem(context, read.error());
  co_return json_answer(200, *read);
}

}  // namespace sequent::api
