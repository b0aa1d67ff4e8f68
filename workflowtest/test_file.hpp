#pragma once
// Tests of a workflow, as `NAME.tests.yaml` beside NAME.yaml declares them: input, mocked answers,
// events, moved clock, and what must come of it. docs/testing-workflows.md describes the format.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "engine/definition/document.hpp"
#include "engine/expression/template.hpp"
#include "engine/machine/problem.hpp"

namespace sequent::workflowtest {

using expression::Template;

/// What stands in the file, and where.
struct Written {
  Template content;
  std::string pointer;
  int line = 0;
};

/// What an activity, or a child, answers to one call.
struct Answer {
  enum class Kind : std::uint8_t {
    output,
    problem,
    adopted,  // to looking for an earlier attempt's effect: there it is
    absent,   // … it never happened
  };
  Kind kind = Kind::output;
  Written content;  // of the output, the problem details or the object that is adopted
  machine::Outcome outcome = machine::Outcome::permanent;
  DurationMs retry_after_ms = 0;
};

/// The answers of one task.
struct Answers {
  std::string task;  // name or JSON Pointer
  int line = 0;
  bool in_turn = false;    // a list: each call takes the next; else all get the first
  bool must_serve = true;  // given for this test, not for all of the file
  std::vector<Answer> answers;
};

/// What happens to the run from outside, once it has come to rest.
struct Step {
  enum class Kind : std::uint8_t { event, request, wait };
  Kind kind = Kind::event;
  Written content;                // event: a CloudEvent; request: its data
  std::string task;               // request: the listening task
  std::optional<Written> expect;  // request: {status, headers, body} of the answer
  DurationMs wait_ms = 0;
};

/// A list in which `...` stands for any number of items.
struct Sequence {
  struct Item {
    bool any = false;
    Written content;
  };
  std::vector<Item> items;
  std::string pointer;
  int line = 0;
};

struct Expectation {
  std::string status;  // "" = not said
  std::optional<Written> output, error, response, waiting_for, records;
  std::optional<Sequence> path, calls, emitted;
};

struct Test {
  std::string name, description;
  int line = 0;
  Timestamp begins_at = 0;
  Written input;
  std::map<std::string, Json> secrets;
  std::optional<Written> records;  // {collection: {key: value}} that are there before
  std::vector<Answers> answers;    // a task's own before the file's
  std::vector<Step> steps;
  Expectation expect;
};

struct TestFile {
  std::string file;
  std::string workflow;  // path, as named relative to this process
  std::vector<Test> tests;
  std::shared_ptr<const expression::ExpressionSet> expressions;  // null: there are none
  std::shared_ptr<const definition::Document> document;          // for the places of mismatches
};

/// errors  invalid_definition with one finding, with file, line and pointer, for each mistake
[[nodiscard]] Result<TestFile> read_tests(std::string_view text, const std::string& file);

/// checkout.yaml -> checkout.tests.yaml
[[nodiscard]] std::string test_file_of(const std::string& workflow_file);
/// True for names such as checkout.tests.yaml, which hold no workflow.
[[nodiscard]] bool is_test_file(std::string_view file);

}  // namespace sequent::workflowtest
