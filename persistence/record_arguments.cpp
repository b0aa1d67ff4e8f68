#include "persistence/record_arguments.hpp"

#include <charconv>
#include <vector>

#include "base/assert.hpp"

namespace sequent::persistence {
namespace {

constexpr std::size_t max_name_bytes = 512;  // of a collection, a key, a unique value
constexpr std::size_t max_unique = 16;
constexpr std::int64_t max_list = 1'000;

std::unexpected<Error> wrong(const std::string& member, const std::string& expected,
                             const Json* came) {
  return fail(ErrorCode::invalid_request,
              "records: expected \"" + member + "\" to be " + expected + ", got " +
                  (came == nullptr ? "nothing" : came->type_name()) + "; see the input schema.");
}

const Json* member_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<void> read_text(const Json& object, const char* name, bool required, std::string& into) {
  const Json* found = member_of(object, name);
  if (found == nullptr && !required) return {};
  if (found == nullptr || !found->is_string() ||
      found->get_ref<const std::string&>().size() > max_name_bytes)
    return wrong(name, "a text of at most " + std::to_string(max_name_bytes) + " bytes", found);
  into = found->get<std::string>();
  return {};
}

std::string unique_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

Result<void> read_unique(const Json& object, RecordArguments& into) {
  const Json* found = member_of(object, "unique");
  if (found == nullptr) return {};
  if (!found->is_object() || found->size() > max_unique)
    return wrong("unique", "an object of at most " + std::to_string(max_unique) + " members",
                 found);
  for (const auto& [name, value] : found->items()) {
    // An absent value is unique to nobody: two customers without an address do not clash.
    if (value.is_null()) continue;
    if (value.is_structured()) return wrong("unique." + name, "a text, number or boolean", &value);
    const std::string text = unique_text(value);
    if (name.size() > max_name_bytes || text.size() > max_name_bytes)
      return wrong("unique." + name, "at most " + std::to_string(max_name_bytes) + " bytes",
                   &value);
    into.unique.emplace(name, text);
  }
  into.has_unique = true;
  return {};
}

Result<void> read_conditions(const Json& object, RecordArguments& into) {
  if (const Json* version = member_of(object, "ifVersion")) {
    if (!version->is_number_integer() || version->get<std::int64_t>() < 0)
      return wrong("ifVersion", "an integer from 0", version);
    into.if_version = version->get<std::int64_t>();
  }
  if (const Json* match = member_of(object, "ifMatch")) {
    if (!match->is_object()) return wrong("ifMatch", "an object of paths and values", match);
    for (const auto& [path, value] : match->items()) into.if_match.emplace(path, value);
  }
  return {};
}

Result<void> read_ranks(const Json& object, RecordArguments& into) {
  const Json* ranks = member_of(object, "ranks");
  if (ranks == nullptr) return {};
  if (!ranks->is_object() || ranks->empty())
    return wrong("ranks", "an object of names and integers", ranks);
  for (const auto& [name, rank] : ranks->items()) {
    if (!rank.is_number_integer()) return wrong("ranks." + name, "an integer", &rank);
    into.ranks.emplace(name, rank.get<std::int64_t>());
  }
  return {};
}

Result<void> read_values(const Json& object, RecordArguments& into) {
  // `value: null` is a value; only an absent member is none.
  if (const auto value = object.find("value"); value != object.end()) into.value = *value;
  if (const Json* merge = member_of(object, "merge")) {
    if (!merge->is_object()) return wrong("merge", "an object", merge);
    into.merge = *merge;
  }
  if (const Json* by = member_of(object, "by")) {
    if (!by->is_number()) return wrong("by", "a number", by);
    into.by = *by;
  }
  if (const Json* limit = member_of(object, "limit")) {
    if (!limit->is_number_integer() || limit->get<std::int64_t>() < 1 ||
        limit->get<std::int64_t>() > max_list)
      return wrong("limit", "an integer from 1 to " + std::to_string(max_list), limit);
    into.limit = limit->get<std::size_t>();
  }
  return {};
}

// "a.b" and "/a/b" name the same place; only the pointer can name a member with a dot.
std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> steps;
  if (path.empty()) return steps;
  const bool pointer = path.front() == '/';
  if (pointer) path.remove_prefix(1);
  std::string step;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == (pointer ? '/' : '.')) {
      steps.push_back(std::move(step));
      step.clear();
    } else if (pointer && path[i] == '~' && i + 1 < path.size() &&
               (path[i + 1] == '0' || path[i + 1] == '1')) {
      step += path[++i] == '0' ? '~' : '/';
    } else {
      step += path[i];
    }
  }
  steps.push_back(std::move(step));
  return steps;
}

std::optional<std::size_t> index_of(const std::string& step, std::size_t size) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (error != std::errc{} || end != step.data() + step.size() || index >= size)
    return std::nullopt;
  return index;
}

}  // namespace

Result<RecordArguments> record_arguments(const Json& arguments) {
  if (!arguments.is_object()) return wrong("with", "an object", &arguments);
  RecordArguments read;
  Result<void> checked = read_text(arguments, "collection", true, read.collection);
  if (checked && read.collection.empty())
    return wrong("collection", "a text that is not empty", member_of(arguments, "collection"));
  if (checked) checked = read_text(arguments, "key", false, read.key);
  if (checked) checked = read_text(arguments, "path", false, read.path);
  if (checked) checked = read_text(arguments, "rankPath", false, read.rank_path);
  if (checked) checked = read_text(arguments, "prefix", false, read.prefix);
  if (checked) checked = read_text(arguments, "after", false, read.after);
  if (checked) checked = read_unique(arguments, read);
  if (checked) checked = read_conditions(arguments, read);
  if (checked) checked = read_ranks(arguments, read);
  if (checked) checked = read_values(arguments, read);
  if (!checked) return std::unexpected(checked.error());
  return read;
}

const Json* value_at(const Json& value, std::string_view path) {
  const Json* here = &value;
  for (const std::string& step : steps_of(path)) {
    if (here->is_object()) {
      const auto found = here->find(step);
      if (found == here->end()) return nullptr;
      here = &*found;
    } else if (here->is_array()) {
      const auto index = index_of(step, here->size());
      if (!index) return nullptr;
      here = &(*here)[*index];
    } else {
      return nullptr;
    }
  }
  return here;
}

Result<void> set_value_at(Json& value, std::string_view path, Json replacement) {
  Json* here = &value;
  for (const std::string& step : steps_of(path)) {
    if (here->is_null()) *here = Json::object();
    if (here->is_object()) {
      here = &(*here)[step];
      continue;
    }
    const auto index = here->is_array() ? index_of(step, here->size()) : std::nullopt;
    if (!index)
      return fail(ErrorCode::conflict, "records: path \"" + std::string{path} +
                                           "\" leads through a " + here->type_name() + " at \"" +
                                           step + "\", expected an object.");
    here = &(*here)[*index];
  }
  *here = std::move(replacement);
  return {};
}

}  // namespace sequent::persistence
