#include "reconciliation/comparison.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace sequent::reconciliation {
namespace {

constexpr std::size_t most_suspects = 50'000;
constexpr int page_size = 100;       // Stripe's most
constexpr int most_pages = 100'000;  // of one list
constexpr Timestamp clocks_s = 600;  // see reconcile()

Timestamp created_ms(const Json& object) {
  return object.value("created", std::int64_t{0}) * 1'000;
}

// Invoices of subscriptions are Stripe's own work.
bool made_by_stripe(const Kind& kind, const Json& object) {
  return kind.name == "invoice" && text_of(object, "billing_reason", "manual") != "manual";
}

// The sessions of older versions can't be filtered by their creation.
bool refuses_created(const machine::Failure& failure) {
  return failure.problem.status == 400 &&
         text_of(failure.problem.extensions, "param").starts_with("created");
}

Json kept_of(const Kind& kind, const Json& object) {
  Json kept = comparable(kind, object);
  for (const char* name : {"id", "created", "metadata"})
    if (object.contains(name)) kept[name] = object.at(name);
  return kept;
}

}  // namespace

Result<bool> Comparison::read_run(const std::string& run) {
  CallReader reader;
  const auto found = journals_.read(run, [&](const Json& record) { reader.take(record); });
  if (!found) return std::unexpected(found.error());
  if (!*found) return false;
  if (auto taken = ledger_.take(run, reader.calls()); !taken) return std::unexpected(taken.error());
  return true;
}

Result<void> Comparison::read_journals(Timestamp since) {
  std::string cursor;
  do {
    const auto page = journals_.runs(since, cursor);
    if (!page) return std::unexpected(page.error());
    for (const auto& run : page->runs) {
      if (const auto read = read_run(run); !read) return std::unexpected(read.error());
      progress_("journals: " + std::to_string(ledger_.runs()) + " runs, " +
                std::to_string(ledger_.made().size()) + " objects");
    }
    cursor = page->cursor;
  } while (!cursor.empty());
  return {};
}

bool Comparison::in_window(Timestamp at) const {
  return at >= window_.since && at <= window_.until;
}

bool Comparison::wants(const std::string& account) const {
  return window_.account.empty() || window_.account == account;
}

Result<void> Comparison::read_lists() {
  std::set<std::string> accounts = ledger_.accounts();
  if (!window_.account.empty()) accounts = {window_.account};
  for (const auto& account : accounts) {
    if (!account.empty() && ledger_.deleted("", account)) continue;
    for (const Kind& kind : kinds()) {
      if (kind.platform_only && !account.empty()) continue;
      if (closed_.contains(account)) break;
      if (auto read = read_list(kind, account); !read) return read;
    }
  }
  return {};
}

Result<void> Comparison::read_list(const Kind& kind, const std::string& account) {
  const Timestamp first = std::max<Timestamp>(0, window_.since / 1'000 - clocks_s);
  Json parameters{{"limit", page_size}};
  parameters["created"] = {{"gte", first}, {"lte", window_.until / 1'000 + clocks_s}};
  if (kind.name == "subscription") parameters["status"] = "all";  // ended ones too
  for (int i = 0; i < most_pages; ++i) {
    const auto page = objects_.get(std::string(kind.path), parameters, account);
    if (!page && parameters.contains("created") && refuses_created(page.error())) {
      parameters.erase("created");  // newest first: read until the window's begin
      continue;
    }
    if (!page) {
      unread_list(kind, account, page.error());
      return {};
    }
    const Json data = page->value("data", Json::array());
    for (const Json& object : data) note_listed(kind, account, object);
    if (suspects_.size() > most_suspects)
      return fail(ErrorCode::too_large,
                  "Expected at most " + std::to_string(most_suspects) +
                      " objects that no journal explains, got more: is this the store that made "
                      "them? Else make the window narrower with --since, --until or --account.");
    progress_("stripe: " + std::string(kind.path) + (account.empty() ? "" : " of " + account) +
              ", " + std::to_string(report_.listed) + " objects");
    if (!page->value("has_more", false) || data.empty()) return {};
    if (data.back().value("created", first) < first) return {};
    parameters["starting_after"] = text_of(data.back(), "id");
  }
  return fail(ErrorCode::too_large, "The list " + std::string(kind.path) + " does not end.");
}

void Comparison::unread_list(const Kind& kind, const std::string& account,
                             const machine::Failure& failure) {
  const int status = failure.problem.status;
  if (status == 401 || status == 403 || status == 404) closed_.insert(account);
  unread_.insert({account, std::string(kind.name)});
  unread(account, kind.path, failure);
}

void Comparison::note_listed(const Kind& kind, const std::string& account, const Json& object) {
  const bool within = in_window(created_ms(object));
  if (within) ++report_.listed;
  Made* made = ledger_.by_id(account, text_of(object, "id"));
  if (made != nullptr) {
    made->seen = true;
    ledger_.note_besides(*made, object);
    if (differences(kind, ledger_.sent(*made), object).empty()) return;
  } else if (!within || made_by_stripe(kind, object)) {
    return;
  }
  suspects_.push_back({&kind, account, kept_of(kind, object)});
}

void Comparison::unread(const std::string& account, std::string_view what,
                        const machine::Failure& failure) {
  report_.unread.push_back(std::string(what) + (account.empty() ? "" : " of " + account) + ": " +
                           failure.problem.detail);
}

Result<Report> Comparison::judge() {
  for (const auto& suspect : suspects_)
    if (auto judged = judge_suspect(suspect); !judged) return std::unexpected(judged.error());
  judge_unseen();
  for (const auto& [key, made] : ledger_.made())
    if (wants(made.account) && !made.call.object.empty() && in_window(made.call.returned_at))
      ++report_.made;
  report_.runs = ledger_.runs();
  report_.unlisted = ledger_.unlisted();
  std::ranges::stable_sort(report_.findings, {}, [](const Finding& finding) { return finding.at; });
  return std::move(report_);
}

}  // namespace sequent::reconciliation
