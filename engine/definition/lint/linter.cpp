#include "engine/definition/lint/linter.hpp"

#include <algorithm>
#include <tuple>

#include "engine/definition/report.hpp"

namespace sequent::definition::lint {
namespace {

const Json& metadata_of(const Program& program) {
  static const Json none = Json::object();
  const auto header = program.document.find("document");
  if (header == program.document.end() || !header->is_object()) return none;
  const auto metadata = header->find("metadata");
  return metadata == header->end() ? none : *metadata;
}

const Json* acceptances_in(const Json& metadata) {
  if (!metadata.is_object()) return nullptr;
  const auto found = metadata.find("accept");
  return found == metadata.end() || !found->is_object() ? nullptr : &*found;
}

const std::string document_place = "/document";

bool in_order(const Warning& a, const Warning& b) {
  const auto place = [](const Warning& one) {
    const Finding& f = one.finding;
    return std::tie(f.line, f.column, f.pointer, f.rule, f.message);
  };
  return place(a) < place(b);
}

bool same(const Warning& a, const Warning& b) {
  return a.finding.pointer == b.finding.pointer && a.finding.rule == b.finding.rule &&
         a.finding.message == b.finding.message;
}

}  // namespace

std::vector<std::string> rule_names() {
  std::vector<std::string> names;
  for (const auto name :
       {text_not_expression, endless_retry, listen_without_timeout, secret_in_data,
        unprotected_effect, retry_outlives_key, charge_without_compensation, compensation_in_course,
        amount_in_floating_point})
    names.emplace_back(name);
  return names;
}

Linter::Linter(const Program& program) : program_(program) {
  // The text compiled, so it can be read; a program made otherwise has no places.
  if (auto document = read_document(program.source, {})) document_ = std::move(*document);
}

std::optional<std::string> Linter::accepted_by(std::string_view rule, const Json& metadata,
                                               const std::string& owner) {
  const Json* reasons = acceptances_in(metadata);
  const std::string name{rule};
  if (reasons == nullptr || !reasons->contains(name)) return std::nullopt;
  used_.emplace(owner, name);
  return reasons->at(name).get<std::string>();
}

std::optional<std::string> Linter::accepted(std::string_view rule, const Node* node) {
  if (node != nullptr) {
    if (auto reason = accepted_by(rule, node->metadata, node->place)) return reason;
    if (node->parent != no_node) return accepted(rule, &program_.node(node->parent));
  }
  return accepted_by(rule, metadata_of(program_), document_place);
}

void Linter::warn(std::string_view rule, const Spot& spot, std::string message, std::string hint) {
  Report place{document_, ""};
  if (spot.offset) {
    place.inside(spot.pointer, *spot.offset, std::move(message), std::move(hint));
  } else {
    place.at_key(spot.pointer, std::move(message), std::move(hint));
  }
  Warning warning{.finding = place.take().front(), .accepted = accepted(rule, spot.node)};
  warning.finding.rule = rule;
  warnings_.push_back(std::move(warning));
}

void Linter::check_acceptances_of(const Json& metadata, const Node* node,
                                  const std::string& owner) {
  const Json* reasons = acceptances_in(metadata);
  if (reasons == nullptr) return;
  for (const auto& [rule, reason] : reasons->items())
    if (!used_.contains({owner, rule}))
      warn(needless_acceptance,
           {.node = node, .pointer = owner + "/metadata/accept/" + rule, .offset = {}},
           "`" + rule + "` is accepted here, and nothing here warns of it", "remove it");
}

void Linter::check_acceptances() {
  check_acceptances_of(metadata_of(program_), nullptr, document_place);
  for (const Node& node : program_.nodes) check_acceptances_of(node.metadata, &node, node.place);
}

std::vector<Warning> Linter::take() {
  std::sort(warnings_.begin(), warnings_.end(), in_order);
  // A function warns once, however often it is called.
  warnings_.erase(std::unique(warnings_.begin(), warnings_.end(), same), warnings_.end());
  return std::move(warnings_);
}

std::vector<Warning> warnings(const Program& program, Strictness strictness) {
  Linter linter{program};
  check_usual(linter);
  if (strictness == Strictness::strict) {
    check_effects(linter);
    check_compensations(linter);
    check_amounts(linter);
    linter.check_acceptances();
  }
  return linter.take();
}

std::vector<Finding> usual_warnings(const Program& program) {
  std::vector<Finding> findings;
  for (auto& warning : warnings(program, Strictness::usual))
    if (!warning.accepted) findings.push_back(std::move(warning.finding));
  return findings;
}

}  // namespace sequent::definition::lint
