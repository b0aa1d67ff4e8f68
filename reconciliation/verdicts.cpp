// Which of the suspects are findings, why, and what to do about each.
#include "activities/stripe/traces.hpp"
#include "reconciliation/comparison.hpp"

namespace sequent::reconciliation {
namespace {

Finding finding_of(Found found, const Kind& kind, const std::string& account, const Json& object) {
  Finding finding;
  finding.found = found;
  finding.object = kind.name;
  finding.id = text_of(object, "id");
  finding.account = account;
  finding.at = object.value("created", std::int64_t{0}) * 1'000;
  return finding;
}

std::string on_task(const std::string& task) {
  return task.empty() ? "" : " --task " + task;
}

// Why an open call's object is not in the run yet, and what brings it there.
void explain_open(Finding& finding, const RecordedCall& call, const std::string& run) {
  finding.cause = "run " + run + " asked for it and its answer was lost";
  if (call.given_up) {
    finding.cause += "; the run has ended, or gone on elsewhere, without it";
    finding.repair = "take it back in the dashboard, or link it by hand; `sequent show " + run +
                     "` says what the run did instead";
  } else if (call.parked || call.retry_at == 0) {
    finding.repair = "`sequent retry " + run + on_task(call.task) +
                     " --reason …`: it asks with the same key and finds it";
  } else {
    finding.repair = "none: run " + run + " asks again with the same key and finds it, at " +
                     format_time(call.retry_at);
  }
}

std::string dashboard(const Kind& kind) {
  if (kind.name == "refund") return "a refund can't be taken back: charge the customer again";
  if (kind.name == "price") return "archive it in the dashboard if nobody needs it";
  if (kind.name == "subscription") return "cancel it in the dashboard if nobody needs it";
  if (kind.name == "checkout.session") return "expire it if nobody shall pay it";
  if (kind.name == "invoice") return "void or delete it in the dashboard if nobody needs it";
  return "delete it in the dashboard if nobody needs it";
}

std::string field_names(const std::vector<Difference>& fields) {
  std::string names;
  for (const auto& each : fields) names += (names.empty() ? "" : ", ") + each.field;
  return names;
}

bool is_gone(const machine::Failure& failure) {
  return failure.problem.status == 404 ||
         text_of(failure.problem.extensions, "code") == "resource_missing";
}

}  // namespace

Result<void> Comparison::judge_suspect(const Suspect& suspect) {
  const Json& object = suspect.object;
  const std::string id = text_of(object, "id");
  const Json metadata = object.value("metadata", Json::object());
  const std::string run = text_of(metadata, "sequent_run");
  // The journal of a run that began after the journals were listed has not been read yet.
  if (!run.empty() && !ledger_.knows_run(run))
    if (const auto read = read_run(run); !read) return std::unexpected(read.error());
  if (Made* made = ledger_.by_id(suspect.account, id)) {
    made->seen = true;
    judge_fields(*made, object);
  } else if (!run.empty()) {
    judge_marked(suspect, run);
  } else if (!is_besides(suspect)) {
    Finding finding = finding_of(Found::extra, *suspect.kind, suspect.account, object);
    finding.cause = "not ours, or lost: it has no mark of a run, and no journal names it";
    finding.repair = "leave what others made; " + dashboard(*suspect.kind);
    report_.findings.push_back(std::move(finding));
  }
  return {};
}

void Comparison::judge_marked(const Suspect& suspect, const std::string& run) {
  const Json metadata = suspect.object.value("metadata", Json::object());
  const std::string key = activities::stripe::unrevised(text_of(metadata, "sequent_key"));
  Finding finding = finding_of(Found::extra, *suspect.kind, suspect.account, suspect.object);
  finding.run = run;
  finding.task = text_of(metadata, "sequent_task");
  const Made* made = ledger_.by_key(key);
  if (!ledger_.knows_run(run)) {
    finding.cause = "it carries the mark of run " + run + ", which this store does not have";
    finding.repair =
        "look in the store that had the run (another one, or this one before its "
        "retention); else " +
        dashboard(*suspect.kind);
  } else if (made == nullptr || made->run != run) {
    finding.cause = "it carries the mark of run " + run + ", whose journal has no such call";
    finding.repair = "`sequent journal " + run + "`; " + dashboard(*suspect.kind);
  } else if (!made->call.object.empty() || made->call.returned_at != 0) {
    finding.cause =
        made->call.by_operator
            ? "run " + run + " made it, and an operator gave the task another result"
            : "made twice: run " + run + " made " + made->call.object + " with the same key";
    finding.repair =
        "keep the one that `sequent show " + run + "` names; " + dashboard(*suspect.kind);
  } else {
    // An attempt that has not failed and is young is under way: no answer is lost yet.
    if (!made->call.failed && now_ - made->call.sent_at < window_.answer_within_ms) return;
    finding.found = Found::answer_lost;
    explain_open(finding, made->call, run);
  }
  report_.findings.push_back(std::move(finding));
}

// What Stripe makes when somebody pays a session, or together with another object.
bool Comparison::is_besides(const Suspect& suspect) {
  const std::string id = text_of(suspect.object, "id");
  if (ledger_.made_besides(suspect.account, id)) return true;
  const std::string kind(suspect.kind->name);
  if (kind != "subscription" && kind != "customer") return false;
  // The session may be older than the window.
  const Json parameters{{kind, id}, {"limit", 100}};
  const auto sessions = objects_.get("/v1/checkout/sessions", parameters, suspect.account);
  if (!sessions) {
    unread(suspect.account, "/v1/checkout/sessions", sessions.error());
    return false;
  }
  for (const Json& session : sessions->value("data", Json::array())) {
    if (text_of(session.value("metadata", Json()), "sequent_key").empty()) continue;
    const auto created = session.value("created", std::int64_t{0});
    if (const Made* made = ledger_.by_id(suspect.account, text_of(session, "id"))) {
      ledger_.note_besides(*made, session);
    } else if (created <= suspect.object.value("created", std::int64_t{0})) {
      return true;  // a customer that was there before the session was not made by it
    }
  }
  return ledger_.made_besides(suspect.account, id);
}

void Comparison::judge_unseen() {
  std::size_t asked = 0;
  for (auto& [key, made] : ledger_.made()) {
    const std::string& id = made.call.object;
    if (made.seen || id.empty() || !in_window(made.call.returned_at) || !wants(made.account) ||
        ledger_.deleted(made.account, id) || closed_.contains(made.account) ||
        unread_.contains({made.account, std::string(made.kind->name)}))
      continue;
    progress_("stripe: looking for " + std::to_string(++asked) + " objects that no list has");
    const auto object =
        objects_.get(std::string(made.kind->path) + "/" + id, Json::object(), made.account);
    if (object && !object->value("deleted", false)) {
      judge_fields(made, *object);
    } else if (object) {
      miss(made, "Stripe has it no more: it was deleted");
    } else if (is_gone(object.error())) {
      miss(made, "Stripe has no " + std::string(made.kind->name) + " of this id" +
                     (made.account.empty() ? "" : " in " + made.account));
    } else {
      unread(made.account, std::string(made.kind->path) + "/" + id, object.error());
    }
  }
}

void Comparison::judge_fields(const Made& made, const Json& object) {
  if (!in_window(made.call.returned_at) || ledger_.deleted(made.account, made.call.object)) return;
  auto fields = differences(*made.kind, ledger_.sent(made), object);
  if (fields.empty()) return;
  Finding finding = finding_of(Found::different, *made.kind, made.account, object);
  finding.run = made.run;
  finding.task = made.call.task;
  finding.cause = "changed behind our back: " + field_names(fields);
  finding.repair = "`sequent show " + made.run +
                   "` says what it was made for; set the fields back in the dashboard, or leave "
                   "them if the change was meant";
  finding.fields = std::move(fields);
  report_.findings.push_back(std::move(finding));
}

void Comparison::miss(const Made& made, const std::string& cause) {
  Finding finding;
  finding.found = Found::missing;
  finding.object = made.kind->name;
  finding.id = made.call.object;
  finding.account = made.account;
  finding.run = made.run;
  finding.task = made.call.task;
  finding.at = made.call.returned_at;
  finding.cause = cause;
  finding.repair = "`sequent show " + made.run + "`; if the run still needs it, `sequent rewind " +
                   made.run + on_task(made.call.task) +
                   " --reason …` makes another (its later effects happen again)";
  report_.findings.push_back(std::move(finding));
}

}  // namespace sequent::reconciliation
