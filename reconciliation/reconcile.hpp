#pragma once
// The comparison of what journals say with what Stripe lists. It changes nothing.
#include "reconciliation/finding.hpp"
#include "reconciliation/ports.hpp"

namespace sequent::reconciliation {

struct Window {
  Timestamp since = 0, until = 0;
  std::string account;  // this one alone; "" = the platform and all that journals name
  DurationMs answer_within_ms = 30'000;  // an attempt younger than this is not lost, but under way
};

struct Report {
  Window window;
  std::size_t runs = 0;      // whose journals were read
  std::size_t made = 0;      // objects of the window, as the journals say
  std::size_t listed = 0;    // objects of the window, as Stripe says
  std::size_t unlisted = 0;  // effects that Stripe lists nowhere: usage events, tokens, links
  std::vector<Finding> findings;
  std::vector<std::string> unread;  // what could not be compared, and why

  [[nodiscard]] bool agrees() const { return findings.empty() && unread.empty(); }
};
[[nodiscard]] Json to_json(const Report& report);

/// One line of what is being done.
using Progress = std::function<void(const std::string&)>;

/// The journals of all runs to which something happened since the window began are read, then the
/// lists of each account, then once more the journals of runs that went on meanwhile: what happens
/// during the comparison is no difference.
/// errors  those of Journals; too_large: more calls, or more unexplained objects, than fit in memory
[[nodiscard]] Result<Report> reconcile(Journals& journals, Objects& objects, const Window& window,
                                       Timestamp now, const Progress& progress);

}  // namespace sequent::reconciliation
