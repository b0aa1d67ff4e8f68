#include "sandbox/form.hpp"

#include <algorithm>
#include <charconv>

#include "net/http_message.hpp"

namespace sequent::sandbox {
namespace {

constexpr std::size_t max_depth = 12;
constexpr std::size_t max_parameters = 2'000;

// "a[b][]" -> {"a", "b", ""}
Result<std::vector<std::string>> split_name(const std::string& name) {
  const auto bracket = name.find('[');
  std::vector<std::string> parts{name.substr(0, bracket)};
  if (parts.front().empty())
    return fail(ErrorCode::invalid_request, "expected a parameter name, got \"" + name + "\"");
  std::size_t at = bracket;
  while (at != std::string::npos && at < name.size()) {
    const auto end = name.find(']', at);
    if (name[at] != '[' || end == std::string::npos)
      return fail(ErrorCode::invalid_request,
                  "expected balanced brackets in the parameter name, got \"" + name + "\"");
    parts.push_back(name.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  if (parts.size() > max_depth)
    return fail(ErrorCode::invalid_request, "parameter \"" + name + "\" is nested too deeply");
  return parts;
}

Result<void> insert(Json& tree, const std::string& name, const std::string& value) {
  const auto parts = split_name(name);
  if (!parts) return std::unexpected(parts.error());
  Json* node = &tree;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const auto key = (*parts)[i].empty() ? std::to_string(node->size()) : (*parts)[i];
    Json& child = (*node)[key];
    const bool last = i + 1 == parts->size();
    const bool clash = last ? child.is_object() : child.is_string();
    if (clash)
      return fail(ErrorCode::invalid_request,
                  "parameter \"" + name + "\" is used both as a value and as a group");
    if (last) {
      child = value;
    } else if (child.is_null()) {
      child = Json::object();
    }
    node = &child;
  }
  return {};
}

std::optional<std::size_t> number_of(const std::string& key) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
  if (error != std::errc{} || end != key.data() + key.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<Json> decode_form(std::string_view text) {
  Json tree = Json::object();
  const auto pairs = net::parse_query(text);
  if (pairs.size() > max_parameters)
    return fail(ErrorCode::invalid_request,
                "expected at most 2000 parameters, got " + std::to_string(pairs.size()));
  for (const auto& [name, value] : pairs) {
    const auto inserted = insert(tree, name, value);
    if (!inserted) return std::unexpected(inserted.error());
  }
  return tree;
}

std::optional<std::vector<Json>> numbered_members(const Json& group) {
  if (!group.is_object()) return std::nullopt;
  std::vector<std::pair<std::size_t, Json>> numbered;
  for (const auto& [key, value] : group.items()) {
    const auto number = number_of(key);
    if (!number) return std::nullopt;
    numbered.emplace_back(*number, value);
  }
  std::stable_sort(numbered.begin(), numbered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Json> members;
  for (auto& entry : numbered) members.push_back(std::move(entry.second));
  return members;
}

Json with_arrays(const Json& tree) {
  if (!tree.is_object()) return tree;
  if (const auto members = numbered_members(tree); members && !members->empty()) {
    Json array = Json::array();
    for (const auto& member : *members) array.push_back(with_arrays(member));
    return array;
  }
  Json object = Json::object();
  for (const auto& [key, value] : tree.items()) object[key] = with_arrays(value);
  return object;
}

}  // namespace sequent::sandbox
