#include "tests/conformance/execution.hpp"

#include <algorithm>
#include <regex>

#include "engine/definition/document.hpp"
#include "tests/conformance/hosts.hpp"

namespace sequent::conformance {
namespace {

using machine::Status;
using machine::testing::Runner;
using machine::testing::WholeDocument;

class Execution {
 public:
  Verdict run(const Scenario& scenario) {
    for (const Step& step : scenario.steps) {
      step_ = &step;
      read(step);
      if (!verdict_.refusals.empty()) return std::move(verdict_);
    }
    if (verdict_.checked == 0) mistake("expected a Then step");
    return std::move(verdict_);
  }

 private:
  void mistake(const std::string& what) {
    const std::string place =
        step_ == nullptr ? "" : "line " + std::to_string(step_->line) + ": " + step_->text + ": ";
    verdict_.mistakes.push_back(place + what);
  }

  void expect(bool holds, const std::string& what, const Json& got) {
    if (!holds) mistake("expected " + what + ", got " + dump_json(got));
  }

  // The docstring as YAML.
  std::optional<Json> value() {
    if (!step_->docstring) {
      mistake("expected a docstring");
      return std::nullopt;
    }
    auto document = definition::read_document(*step_->docstring, {});
    if (document && document->findings.empty()) return std::move(document->root);
    const auto& findings = document ? document->findings : document.error();
    mistake("expected YAML: " + definition::format_findings(findings));
    return std::nullopt;
  }

  void read(const Step& step) {
    if (step.text == "a workflow with definition:") return define();
    if (step.text == "the workflow input is:") {
      if (auto given = value()) input_ = *std::move(given);
      return;
    }
    if (step.text == "the workflow is executed") return start();
    if (!run_) return mistake("expected the workflow to be executed before");
    if (check_end(step.text) || check_output(step.text) || check_order(step.text)) {
      ++verdict_.checked;
      return;
    }
    mistake("expected a step of the kit, got one that is not known here");
  }

  void define() {
    if (!step_->docstring) return mistake("expected a docstring");
    definition_ = *step_->docstring;
    const machine::testing::Catalog catalog;
    const auto compiled =
        definition::compile(definition_, machine::testing::compile_options(catalog));
    if (compiled) return;
    for (const Finding& finding : compiled.error().findings)
      verdict_.refusals.push_back(finding.message);
    if (verdict_.refusals.empty()) verdict_.refusals.push_back(compiled.error().detail);
  }

  void start() {
    if (definition_.empty()) return mistake("expected a definition before");
    if (run_) return mistake("expected one execution");
    run_.emplace(WholeDocument{definition_});
    run_->answer = answer_of_host;
    run_->start(input_);
    run_->run_timers();
  }

  Json ending() const {
    return {{"status", std::string(machine::name_of(run_->state().status))},
            {"output", run_->output()},
            {"error", run_->error()}};
  }

  bool check_end(const std::string& text) {
    const Status status = run_->state().status;
    if (text == "the workflow should complete") {
      expect(status == Status::completed, "a completed run", ending());
    } else if (text == "the workflow should complete with output:") {
      const auto wanted = value();
      if (wanted) {
        expect(status == Status::completed, "a completed run", ending());
        expect(run_->output() == *wanted, dump_json(*wanted), run_->output());
      }
    } else if (text == "the workflow should fault") {
      expect(status == Status::faulted, "a faulted run", ending());
    } else if (text == "the workflow should fault with error:") {
      const auto wanted = value();
      if (wanted) {
        expect(status == Status::faulted, "a faulted run", ending());
        expect(run_->error() == *wanted, dump_json(*wanted), run_->error());
      }
    } else {
      return false;
    }
    return true;
  }

  // "a.b" in the output
  std::optional<Json> property(const std::string& path) const {
    Json at = run_->output();
    std::size_t begin = 0;
    while (begin <= path.size()) {
      const auto end = std::min(path.find('.', begin), path.size());
      const std::string name = path.substr(begin, end - begin);
      if (!at.is_object() || !at.contains(name)) return std::nullopt;
      Json member = at.at(name);
      at = std::move(member);
      begin = end + 1;
    }
    return at;
  }

  bool check_output(const std::string& text) {
    static const std::regex names(
        "the workflow output should have properties ('[^']+'(, '[^']+')*)");
    static const std::regex valued(
        "the workflow output should have an? '([^']+)' property with value:");
    static const std::regex counted(
        "the workflow output should have an? '([^']+)' property containing ([0-9]{1,6}) items?");
    std::smatch match;
    if (std::regex_match(text, match, names)) {
      check_names(match[1]);
    } else if (std::regex_match(text, match, valued)) {
      const auto wanted = value();
      if (wanted) expect(property(match[1]) == wanted, dump_json(*wanted), run_->output());
    } else if (std::regex_match(text, match, counted)) {
      const auto found = property(match[1]);
      const bool holds = found && found->is_array() &&
                         found->size() == static_cast<std::size_t>(std::stoi(match[2]));
      expect(holds, "a list of " + match[2].str(), run_->output());
    } else {
      return false;
    }
    return true;
  }

  void check_names(const std::string& quoted) {
    static const std::regex name("'([^']+)'");
    for (std::sregex_iterator at(quoted.begin(), quoted.end(), name), end; at != end; ++at) {
      const std::string path = (*at)[1];
      expect(property(path).has_value(), "the property " + path, run_->output());
    }
  }

  bool check_order(const std::string& text) {
    static const std::regex edge("(\\S+) should run (first|last)");
    static const std::regex pair("(\\S+) should run after (\\S+)");
    const auto started = run_->started();
    std::smatch match;
    if (std::regex_match(text, match, edge)) {
      const bool first = match[2] == "first";
      const bool holds =
          !started.empty() && (first ? started.front() : started.back()) == match[1].str();
      expect(holds, "that order", started);
    } else if (std::regex_match(text, match, pair)) {
      const auto later = std::find(started.begin(), started.end(), match[1].str());
      const auto earlier = std::find(started.begin(), started.end(), match[2].str());
      expect(later != started.end() && earlier < later, "that order", started);
    } else {
      return false;
    }
    return true;
  }

  const Step* step_ = nullptr;
  std::string definition_;
  Json input_ = Json::object();
  std::optional<Runner> run_;
  Verdict verdict_;
};

}  // namespace

Verdict execute(const Scenario& scenario) {
  return Execution{}.run(scenario);
}

}  // namespace sequent::conformance
