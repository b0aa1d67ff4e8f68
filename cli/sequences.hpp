#pragma once
// What docs/sequences.md and docs/sequences/ say about a set of workflows: the trace table with the
// test that shows each arrow, and a page for each workflow.
#include <string>
#include <vector>

#include "cli/checked_file.hpp"

namespace sequent::cli {

/// Plays the scenarios beside the files, side by side, to see which tasks each completes.
/// errors  a scenario that can't be played, or that plays an arrow which is no caller's;
///         conflict: a task carries out an arrow, but no scenario completes it
[[nodiscard]] Result<std::string> trace_table(const std::vector<Checked>& workflows, int jobs);

/// A file below the folder of documentation.
struct Page {
  std::string path;  // "sequences/checkout.md"
  std::string text;
};
/// `folder`: of documentation, where the pages will stand; their links to the workflows start there.
/// errors  conflict: two workflows of one name, whose pages would be one
[[nodiscard]] Result<std::vector<Page>> workflow_pages(const std::vector<Checked>& workflows,
                                                       const std::string& folder);

}  // namespace sequent::cli
