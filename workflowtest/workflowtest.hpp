#pragma once
// Runs the declared tests of a workflow on the real machine and the real runtime, in memory, with
// the file's answers in the place of every provider.
#include <string>
#include <vector>

#include "engine/machine/record.hpp"
#include "engine/runtime/activity.hpp"
#include "workflowtest/compare.hpp"

namespace sequent::workflowtest {

struct TestReport {
  std::string name;
  int line = 0;
  std::vector<Mismatch> mismatches;  // none: it passed
  std::vector<std::string> path;     // the tasks that were entered, in order
  machine::Records journal;          // of the run; empty where its start was refused
  definition::ProgramPtr program;
};

/// What `workflow_text` (the file's workflow) may call is in `catalog`; nothing of it is sent.
/// errors  what keeps every test from being run: a workflow with mistakes, answers for tasks that it
///         does not have
[[nodiscard]] Result<std::vector<TestReport>> run_tests(const TestFile& file,
                                                        const std::string& workflow_text,
                                                        const runtime::ActivityRegistry& catalog,
                                                        const std::string& only);

}  // namespace sequent::workflowtest
