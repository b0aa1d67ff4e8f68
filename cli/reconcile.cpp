// `reconcile stripe`: what the journals say was made, against what Stripe lists.
#include "reconciliation/reconcile.hpp"

#include <fstream>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/moment.hpp"
#include "cli/provider_lists.hpp"
#include "cli/serve_settings.hpp"
#include "cli/server_journals.hpp"
#include "reconciliation/stripe_objects.hpp"

namespace sequent::cli {
namespace {

constexpr std::size_t most_recorded = 1'000;  // findings, of one entry in the audit log
constexpr int progress_every = 20;

Result<reconciliation::Window> window_of(const Session& session, const ReconcileOptions& options) {
  const Timestamp now = session.clock.now();
  const auto since = moment_of("--since", options.since, now);
  if (!since) return std::unexpected(since.error());
  const auto until = options.until.empty() ? now : moment_of("--until", options.until, now);
  if (!until) return std::unexpected(until.error());
  if (*since >= *until)
    return fail(ErrorCode::invalid_request, "Expected --since before --until, got " +
                                                format_time(*since) + " and " +
                                                format_time(*until) + ".");
  if (!options.account.empty() && !options.account.starts_with("acct_"))
    return fail(ErrorCode::invalid_request,
                "Expected --account as acct_…, got `" + options.account + "`.");
  reconciliation::Window window;
  window.since = *since;
  window.until = *until;
  window.account = options.account;
  return window;
}

Style style_of(reconciliation::Found found) {
  return found == reconciliation::Found::extra || found == reconciliation::Found::different
             ? Style::warning
             : Style::bad;
}

void print_finding(const Terminal& terminal, const reconciliation::Finding& finding) {
  std::string head = terminal.paint(style_of(finding.found), std::string(name_of(finding.found))) +
                     "  " + finding.object + " " + printable(finding.id);
  if (!finding.account.empty()) head += " in " + printable(finding.account);
  if (finding.at != 0) head += ", " + format_time(finding.at);
  terminal.out(head);
  if (!finding.run.empty())
    terminal.out("  run     " + printable(finding.run) + " at " + printable(finding.task));
  terminal.out("  cause   " + printable(finding.cause));
  for (const auto& each : finding.fields)
    terminal.out("  field   " + printable(each.field) + ": sent " +
                 printable(dump_json(each.sent)) + ", has " + printable(dump_json(each.has)));
  terminal.out("  repair  " + printable(finding.repair));
}

std::string summary_of(const reconciliation::Report& report, const Json& json) {
  std::string text = std::to_string(report.made) + " objects made by " +
                     std::to_string(report.runs) + " runs, " + std::to_string(report.listed) +
                     " listed by Stripe from " + format_time(report.window.since) + " to " +
                     format_time(report.window.until) + ": ";
  std::string counts;
  for (const auto& [name, count] : json.at("counts").items())
    if (count != 0) counts += (counts.empty() ? "" : ", ") + dump_json(count) + " " + name;
  text += counts.empty() ? (report.unread.empty() ? "they agree" : "no difference found") : counts;
  if (!report.unread.empty())
    text += "; " + std::to_string(report.unread.size()) + " lists or objects could not be read";
  return text;
}

void print_report(const Terminal& terminal, const reconciliation::Report& report,
                  const std::string& summary) {
  for (const auto& finding : report.findings) print_finding(terminal, finding);
  for (const auto& each : report.unread)
    terminal.out(terminal.paint(Style::bad, "not read") + "  " + printable(each));
  if (report.unlisted > 0)
    terminal.out(terminal.paint(
        Style::dim, std::to_string(report.unlisted) +
                        " usage events, tokens, links and the like stand in no list of Stripe, "
                        "and were not compared"));
  terminal.out(terminal.paint(report.agrees() ? Style::good : Style::bad, summary));
}

// Names of fields (in the cause), never their values: they may be personal, and the log keeps them.
Json recorded(const reconciliation::Finding& finding) {
  return {{"finding", name_of(finding.found)}, {"object", finding.object}, {"id", finding.id},
          {"account", finding.account},        {"run", finding.run},       {"cause", finding.cause},
          {"repair", finding.repair}};
}

std::expected<void, Refusal> record(const Session& session, const reconciliation::Report& report,
                                    const std::string& summary) {
  Request request;
  request.method = "POST";
  request.path = "/api/v1/reconciliations";
  Json findings = Json::array();
  for (const auto& finding : report.findings)
    if (findings.size() < most_recorded) findings.push_back(recorded(finding));
  request.body = {{"provider", "stripe"},
                  {"since", format_time(report.window.since)},
                  {"until", format_time(report.window.until)},
                  {"agrees", report.agrees()},
                  {"summary", summary},
                  {"findings", std::move(findings)}};
  if (const auto answer = ask(session, request); !answer) return std::unexpected(answer.error());
  return {};
}

Result<void> write_findings(const std::string& file, const Json& json) {
  std::ofstream out{file, std::ios::binary | std::ios::trunc};
  out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  out.flush();
  if (out) return {};
  return fail(ErrorCode::unavailable,
              "Cannot write " + file + ": check its folder, its permissions and the disk.");
}

bool has_key(const Config& config) {
  const auto& stripe = config.providers.stripe;
  const auto key = stripe.api_key ? stripe.api_key() : std::optional<std::string>{};
  return key && !key->empty();
}

Result<reconciliation::Report> compared(const Session& session, reconciliation::Objects& objects,
                                        const reconciliation::Window& window) {
  ServerJournals journals{session};
  int step = 0;
  const reconciliation::Progress progress = [&](const std::string& text) {
    if (step++ % progress_every == 0) session.terminal.progress(text, false);
  };
  return reconciliation::reconcile(journals, objects, window, session.clock.now(), progress);
}

// Nobody here has a key, and the server does not read Stripe for us.
int no_key(const Session& session, const Refusal& refusal) {
  if (refusal.status == 0) return report(session, refusal);  // there is no server
  const Error error{.code = ErrorCode::invalid_request,
                    .detail = "Expected an API key of Stripe, got none here, and the server at " +
                              server_of(session) + " does not read Stripe for us (" +
                              refusal.message +
                              "). Set SEQUENT_STRIPE_API_KEY, or name the file that `serve` reads "
                              "(providers.stripe.apiKey) with --config or SEQUENT_CONFIG."};
  report(session, error);
  return wrong_use;
}

}  // namespace

int run_reconcile(const Session& session, const ReconcileOptions& options) {
  auto window = window_of(session, options);
  if (!window) {
    report(session, window.error());
    return wrong_use;
  }
  ServeOptions node;
  node.config = options.config;
  const auto config = serve_settings(session, node);
  if (!config) {
    report(session, config.error());
    return wrong_use;
  }
  const auto& stripe = (*config)->providers.stripe;
  net::HttpClient http;
  reconciliation::StripeObjects own{stripe, http};
  ServerObjects of_server{session};
  const bool direct = has_key(**config);
  window->answer_within_ms = stripe.timeout_ms;
  if (!direct) {
    const auto within = of_server.answer_within_ms();
    if (!within) return no_key(session, within.error());
    window->answer_within_ms = *within;
  }
  const auto found =
      direct ? compared(session, own, *window) : compared(session, of_server, *window);
  if (!found) return report(session, found.error());
  const Json json = to_json(*found);
  const std::string summary = summary_of(*found, json);
  session.terminal.progress("compared the journals of " + std::to_string(found->runs) + " runs",
                            true);
  if (session.json) {
    session.terminal.json(json);
  } else {
    print_report(session.terminal, *found, summary);
  }
  if (!options.output.empty())
    if (const auto written = write_findings(options.output, json); !written)
      return report(session, written.error());
  if (!options.unrecorded)
    if (const auto kept = record(session, *found, summary); !kept)
      return report(session, kept.error());
  return found->agrees() ? done : failed;
}

}  // namespace sequent::cli
