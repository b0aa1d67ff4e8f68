#include "engine/definition/redact.hpp"

#include <algorithm>

#include "base/json_pointer.hpp"

namespace sequent::definition {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
  const bool pointer = path.starts_with('/');
  const char separator = pointer ? '/' : '.';
  if (path.starts_with("$")) path.remove_prefix(1);
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto end = std::min(path.find(separator), path.size());
    std::string segment{path.substr(0, end)};
    path.remove_prefix(std::min(end + 1, path.size()));
    if (pointer) {
      segment = name_of_segment(segment);
    } else if (segment.ends_with("[]")) {  // "items[].card" as jq spells it
      segment.resize(segment.size() - 2);
      if (!segment.empty()) segments.push_back(segment);
      segment = "*";
    }
    if (!segment.empty()) segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace

Redactor::Redactor(const Program& program) {
  learn(program);
}

Redactor::Redactor(const std::vector<ProgramPtr>& programs) {
  for (const auto& program : programs) learn(*program);
  // Every version of a workflow names the same paths.
  std::sort(paths_.begin(), paths_.end());
  paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
}

void Redactor::learn(const Program& program) {
  for (const auto& path : program.sensitive) {
    auto segments = segments_of(path);
    if (!segments.empty()) paths_.push_back(std::move(segments));
  }
}

Json Redactor::operator()(const Json& value) const {
  Json copy = value;
  if (idle()) return copy;
  std::vector<std::string> place;
  hide(copy, place);
  return copy;
}

// The value of an operation lies where its path says: it is hidden as it would be there.
Json Redactor::patch(const Json& operations) const {
  Json shown = operations;
  if (idle()) return shown;
  for (auto& operation : shown) {
    if (!operation.is_object()) continue;
    std::vector<std::string> place = segments_of(text_of(operation, "path"));
    for (const char* name : {"value", "was"})
      if (const auto value = operation.find(name); value != operation.end()) {
        if (names_any_above(place))
          *value = "[redacted]";
        else
          hide(*value, place);
      }
  }
  return shown;
}

bool Redactor::names_any_above(std::vector<std::string> place) const {
  for (; !place.empty(); place.pop_back())
    if (names(place)) return true;
  return false;
}

bool Redactor::names(const std::vector<std::string>& place) const {
  for (const auto& path : paths_) {
    if (path.size() > place.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < path.size() && same; ++i)
      same = path[i] == "*" || path[i] == place[place.size() - path.size() + i];
    if (same) return true;
  }
  return false;
}

void Redactor::hide(Json& value, std::vector<std::string>& place) const {
  const auto visit = [&](Json& child, std::string name) {
    place.push_back(std::move(name));
    if (names(place)) {
      child = "[redacted]";
    } else {
      hide(child, place);
    }
    place.pop_back();
  };
  if (value.is_object()) {
    for (auto& [name, child] : value.items()) visit(child, name);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) visit(value[i], std::to_string(i));
  }
}

}  // namespace sequent::definition
