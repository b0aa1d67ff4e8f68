#include "engine/runtime/definitions.hpp"

#include <algorithm>

#include "engine/definition/workflow_name.hpp"
#include "engine/machine/command.hpp"

namespace sequent::runtime {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int sign(std::strong_ordering order) {
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

// Numbers of any length: without leading zeros the longer one is larger.
int compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return sign(a <=> b);
}

int compare_identifiers(std::string_view a, std::string_view b) {
  const bool numbers = is_number(a) && is_number(b);
  if (numbers) return compare_numbers(a, b);
  if (is_number(a) != is_number(b)) return is_number(a) ? -1 : 1;
  return sign(a <=> b);
}

int compare_lists(std::string_view a, std::string_view b) {
  const auto left = split(a, '.');
  const auto right = split(b, '.');
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const int order = compare_identifiers(left[i], right[i]);
    if (order != 0) return order;
  }
  return sign(left.size() <=> right.size());
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  a = a.substr(0, a.find('+'));
  b = b.substr(0, b.find('+'));
  const auto a_dash = a.find('-');
  const auto b_dash = b.find('-');
  const int release = compare_lists(a.substr(0, a_dash), b.substr(0, b_dash));
  if (release != 0) return release;
  const bool a_pre = a_dash != std::string_view::npos;
  const bool b_pre = b_dash != std::string_view::npos;
  if (a_pre != b_pre) return a_pre ? -1 : 1;  // 1.0.0-rc.1 comes before 1.0.0
  if (!a_pre) return 0;
  return compare_lists(a.substr(a_dash + 1), b.substr(b_dash + 1));
}

ProgramPtr Catalogue::find(const WorkflowRef& ref) const {
  const auto found = by_name_.find(workflow_name(ref));
  if (found == by_name_.end()) return nullptr;
  if (ref.version.empty() || ref.version == "latest") return found->second.front().program;
  for (const auto& deployed : found->second)
    if (deployed.program->ref.version == ref.version) return deployed.program;
  return nullptr;
}

ProgramPtr Catalogue::find(const std::string& digest) const {
  const auto found = by_digest_.find(digest);
  return found == by_digest_.end() ? nullptr : found->second;
}

ProgramPtr Catalogue::highest_but(const WorkflowRef& ref) const {
  const auto found = by_name_.find(workflow_name(ref));
  if (found == by_name_.end()) return nullptr;
  for (const auto& deployed : found->second)
    if (deployed.program->ref.version != ref.version) return deployed.program;
  return nullptr;
}

std::vector<ProgramPtr> Catalogue::all() const {
  std::vector<ProgramPtr> programs;
  for (const auto& [name, versions] : by_name_)
    for (const auto& deployed : versions) programs.push_back(deployed.program);
  return programs;
}

bool Catalogue::is_deleted(const std::string& digest) const {
  const auto known = find(digest);
  return known && !deployed_at(known);
}

std::vector<ProgramPtr> Catalogue::deleted() const {
  std::vector<ProgramPtr> programs;
  for (const auto& [digest, program] : by_digest_)
    if (!deployed_at(program)) programs.push_back(program);
  return programs;
}

std::optional<Timestamp> Catalogue::deployed_at(const ProgramPtr& program) const {
  const auto versions = by_name_.find(workflow_name(program->ref));
  if (versions == by_name_.end()) return std::nullopt;
  for (const auto& deployed : versions->second)
    if (deployed.program->digest == program->digest) return deployed.deployed_at;
  return std::nullopt;
}

const ProgramPtr& Catalogue::know(const ProgramPtr& program) {
  const auto [known, fresh] = by_digest_.emplace(program->digest, program);
  if (!fresh) return known->second;
  for (std::uint32_t i = 0; i < program->filters.size(); ++i)
    by_type_[program->filters[i].type].push_back({.program = program, .index = i});
  return known->second;
}

void Catalogue::put(const DeployedProgram& deployed) {
  const auto& program = know(deployed.program);
  auto& versions = by_name_[workflow_name(program->ref)];
  for (auto& other : versions) {
    if (other.program->ref.version != program->ref.version) continue;
    if (other.program == program) other.deployed_at = deployed.deployed_at;
    return;
  }
  versions.push_back({.program = program, .deployed_at = deployed.deployed_at});
  std::ranges::sort(versions, [](const DeployedProgram& a, const DeployedProgram& b) {
    return compare_versions(a.program->ref.version, b.program->ref.version) > 0;
  });
}

std::vector<DeployedProgram> Catalogue::latest() const {
  std::vector<DeployedProgram> latest;
  for (const auto& [name, versions] : by_name_) latest.push_back(versions.front());
  return latest;
}

std::vector<Catalogue::Fit> Catalogue::fits(const Json& event, Timestamp now) const {
  std::vector<Fit> fits;
  const auto look = [&](const std::string& type) {
    const auto found = by_type_.find(type);
    if (found == by_type_.end()) return;
    for (const auto& [program, index] : found->second) {
      const auto& filter = program->filters[index];
      // A filter that fails on this event does not take it; the run that listens hears nothing.
      const auto match = machine::matches(*program, filter, event, now);
      if (!match || !*match) continue;
      const auto values = machine::correlate(*program, filter, event, now);
      if (!values) continue;
      fits.push_back(Fit{.program = program,
                         .filter = index,
                         .correlation_hash = machine::correlation_hash(*values)});
    }
  };
  const std::string type = text_of(event, "type");
  if (!type.empty()) look(type);
  look("");
  return fits;
}

std::shared_ptr<const Catalogue> Definitions::catalogue() const {
  const std::lock_guard lock{mutex_};
  return catalogue_;
}

void Definitions::add(const DeployedProgram& deployed) {
  add(std::vector<DeployedProgram>{deployed});
}

void Definitions::add(const std::vector<DeployedProgram>& deployed) {
  const std::lock_guard lock{mutex_};
  auto next = std::make_shared<Catalogue>(*catalogue_);
  for (const auto& one : deployed) next->put(one);
  catalogue_ = std::move(next);
}

void Definitions::retire(const std::vector<ProgramPtr>& programs) {
  const std::lock_guard lock{mutex_};
  auto next = std::make_shared<Catalogue>(*catalogue_);
  for (const auto& program : programs) {
    next->know(program);
    const auto versions = next->by_name_.find(workflow_name(program->ref));
    if (versions == next->by_name_.end()) continue;
    std::erase_if(versions->second, [&](const DeployedProgram& other) {
      return other.program->digest == program->digest;
    });
    if (versions->second.empty()) next->by_name_.erase(versions);
  }
  catalogue_ = std::move(next);
}

}  // namespace sequent::runtime
