#include "reconciliation/reconcile.hpp"

#include "reconciliation/comparison.hpp"

namespace sequent::reconciliation {

Result<Report> reconcile(Journals& journals, Objects& objects, const Window& window, Timestamp now,
                         const Progress& progress) {
  // Stripe's clock, this machine's and the nodes' may differ by this much.
  constexpr DurationMs clocks_ms = 600'000;
  Comparison comparison{journals, objects, window, now, progress};
  if (auto read = comparison.read_journals(window.since - clocks_ms); !read)
    return std::unexpected(read.error());
  if (auto listed = comparison.read_lists(); !listed) return std::unexpected(listed.error());
  if (auto read = comparison.read_journals(now - clocks_ms); !read)
    return std::unexpected(read.error());
  return comparison.judge();
}

Json to_json(const Report& report) {
  Json counts{{"missing", 0}, {"extra", 0}, {"different", 0}, {"answer-lost", 0}};
  Json findings = Json::array();
  for (const auto& finding : report.findings) {
    Json& count = counts[std::string(name_of(finding.found))];
    count = count.get<std::size_t>() + 1;
    findings.push_back(to_json(finding));
  }
  const auto& window = report.window;
  return {{"provider", "stripe"},
          {"since", format_time(window.since)},
          {"until", format_time(window.until)},
          {"account", window.account.empty() ? Json(nullptr) : Json(window.account)},
          {"agrees", report.agrees()},
          {"runs", report.runs},
          {"made", report.made},
          {"listed", report.listed},
          {"unlisted", report.unlisted},
          {"counts", std::move(counts)},
          {"findings", std::move(findings)},
          {"unread", report.unread}};
}

}  // namespace sequent::reconciliation
