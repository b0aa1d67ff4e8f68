// What each records.* operation means. Every one checks first and writes last, so that a refused
// operation leaves nothing behind in the transaction that it shares.
#include <algorithm>

#include "base/assert.hpp"
#include "engine/runtime/record_operations.hpp"
#include "persistence/record_arguments.hpp"
#include "persistence/record_table.hpp"

namespace sequent::persistence {
namespace {

using Stored = RecordTable::Stored;

struct Operation {
  RecordTable& table;
  const RecordArguments& with;
  std::optional<Stored> stored;
  Timestamp now;

  [[nodiscard]] std::string name() const { return with.collection + "/" + with.key; }
};

std::unexpected<Error> missing(const std::string& member) {
  return fail(ErrorCode::invalid_request,
              "records: expected \"" + member + "\", got nothing; see the input schema.");
}

Result<void> check_size(const Json& value) {
  const std::size_t bytes = dump_json(value).size();
  if (bytes <= runtime::max_record_bytes) return {};
  return fail(ErrorCode::too_large, "records: the value has " + std::to_string(bytes) +
                                        " bytes, the limit is " +
                                        std::to_string(runtime::max_record_bytes) +
                                        "; keep large content elsewhere and store its address.");
}

// The other record that holds one of our unique values.
std::optional<std::string> clashing_owner(const Operation& op, std::string* name = nullptr) {
  for (const auto& [unique_name, value] : op.with.unique) {
    const auto owner = op.table.owner(op.with.collection, unique_name, value);
    if (!owner || *owner == op.with.key) continue;
    if (name != nullptr) *name = unique_name;
    return owner;
  }
  return std::nullopt;
}

Result<void> check_unique(const Operation& op) {
  std::string name;
  const auto owner = clashing_owner(op, &name);
  if (!owner) return {};
  return fail(ErrorCode::conflict, "records: the " + name + " \"" + op.with.unique.at(name) +
                                       "\" belongs to record " + op.with.collection + "/" + *owner +
                                       ", so " + op.name() + " cannot have it.");
}

Result<void> check_conditions(const Operation& op) {
  const std::int64_t version = op.stored ? op.stored->version : 0;
  if (op.with.if_version && *op.with.if_version != version)
    return fail(ErrorCode::conflict, "records: expected version " +
                                         std::to_string(*op.with.if_version) + " of " + op.name() +
                                         ", it has " + std::to_string(version) +
                                         "; read it again and decide anew.");
  for (const auto& [path, expected] : op.with.if_match) {
    const Json* came = op.stored ? value_at(op.stored->value, path) : nullptr;
    const Json actual = came == nullptr ? Json(nullptr) : *came;
    if (actual != expected)
      return fail(ErrorCode::conflict, "records: expected \"" + path + "\" of " + op.name() +
                                           " to be " + dump_json(expected) + ", it is " +
                                           dump_json(actual) + "; read it again and decide anew.");
  }
  return {};
}

std::int64_t write(const Operation& op, const Json& value) {
  const std::int64_t version = op.stored ? op.stored->version + 1 : 1;
  op.table.write(op.with.collection, op.with.key, value, version, op.now);
  if (op.with.has_unique) op.table.replace_unique(op.with.collection, op.with.key, op.with.unique);
  return version;
}

Json answer(const char* flag, bool set, const Json& value, std::int64_t version) {
  Json out = Json::object();
  out[flag] = set;
  out["value"] = value;
  out["version"] = version;
  return out;
}

Result<Json> get(const Operation& op) {
  if (!op.stored) return answer("found", false, nullptr, 0);
  return answer("found", true, op.stored->value, op.stored->version);
}

Result<Json> put(const Operation& op) {
  if (!op.with.value) return missing("value");
  if (auto checked = check_size(*op.with.value); !checked) return std::unexpected(checked.error());
  if (auto checked = check_conditions(op); !checked) return std::unexpected(checked.error());
  if (auto checked = check_unique(op); !checked) return std::unexpected(checked.error());
  const std::int64_t version = write(op, *op.with.value);
  return answer("created", version == 1, *op.with.value, version);
}

Result<Json> create(const Operation& op) {
  if (!op.with.value) return missing("value");
  if (auto checked = check_size(*op.with.value); !checked) return std::unexpected(checked.error());
  if (op.stored) {
    if (op.stored->value == *op.with.value)
      return answer("created", false, op.stored->value, op.stored->version);
    return fail(ErrorCode::conflict, "records: " + op.name() +
                                         " exists with another value (version " +
                                         std::to_string(op.stored->version) +
                                         "); use records.ensure to adopt it, or another key.");
  }
  if (auto checked = check_unique(op); !checked) return std::unexpected(checked.error());
  const std::int64_t version = write(op, *op.with.value);
  return answer("created", true, *op.with.value, version);
}

Result<Json> ensure(const Operation& op) {
  if (!op.with.value) return missing("value");
  if (auto checked = check_size(*op.with.value); !checked) return std::unexpected(checked.error());
  std::string key = op.with.key;
  std::optional<Stored> there = op.stored;
  if (!there) {
    // Somebody else may have made the same thing under its own key: that one is it.
    if (const auto owner = clashing_owner(op)) {
      key = *owner;
      there = op.table.find(op.with.collection, key);
      SEQUENT_ASSERT(there.has_value());  // a unique value never outlives its record
    }
  }
  const std::int64_t version = there ? there->version : write(op, *op.with.value);
  Json out = answer("created", !there, there ? there->value : *op.with.value, version);
  out["key"] = key;
  return out;
}

Result<Json> update(const Operation& op) {
  if (!op.with.value && !op.with.merge) return missing("merge\" or \"value");
  if (!op.stored)
    return fail(ErrorCode::not_found, "records: there is no " + op.name() +
                                          " to update; create it with records.put or "
                                          "records.ensure.");
  if (auto checked = check_conditions(op); !checked) return std::unexpected(checked.error());
  if (auto checked = check_unique(op); !checked) return std::unexpected(checked.error());
  Json value = op.with.value ? *op.with.value : op.stored->value;
  if (op.with.merge) value.merge_patch(*op.with.merge);  // RFC 7396: null removes a member
  if (auto checked = check_size(value); !checked) return std::unexpected(checked.error());
  const std::int64_t version = write(op, value);
  return answer("written", true, value, version);
}

std::optional<std::int64_t> rank_of(const Operation& op, const Json& value) {
  const Json* name = value_at(value, op.with.rank_path);
  if (name == nullptr || !name->is_string()) return std::nullopt;
  const auto found = op.with.ranks.find(name->get<std::string>());
  if (found == op.with.ranks.end()) return std::nullopt;
  return found->second;
}

// Late news never overwrites newer: a rank only rises. Among ends of equal rank (paid, void) the
// first one stands, because what has ended does not end again.
Result<Json> upsert_monotonic(const Operation& op) {
  if (!op.with.value) return missing("value");
  if (op.with.rank_path.empty()) return missing("rankPath");
  if (op.with.ranks.empty()) return missing("ranks");
  if (auto checked = check_size(*op.with.value); !checked) return std::unexpected(checked.error());
  const auto rank = rank_of(op, *op.with.value);
  if (!rank)
    return fail(ErrorCode::invalid_request,
                "records: the value's \"" + op.with.rank_path +
                    "\" is none of the names in ranks; add it there, or correct rankPath.");
  const auto highest =
      std::max_element(op.with.ranks.begin(), op.with.ranks.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; })
          ->second;
  if (op.stored) {
    const auto stored_rank = rank_of(op, op.stored->value).value_or(INT64_MIN);
    const bool keep = *rank < stored_rank || (*rank == stored_rank && *rank == highest);
    if (keep) return answer("written", false, op.stored->value, op.stored->version);
  }
  if (auto checked = check_unique(op); !checked) return std::unexpected(checked.error());
  const std::int64_t version = write(op, *op.with.value);
  return answer("written", true, *op.with.value, version);
}

Result<Json> erase(const Operation& op) {
  if (auto checked = check_conditions(op); !checked) return std::unexpected(checked.error());
  if (op.stored) op.table.erase(op.with.collection, op.with.key);
  Json out = Json::object();
  out["deleted"] = op.stored.has_value();
  return out;
}

Result<Json> sum(const Operation& op, const Json& current) {
  if (current.is_number_integer() && op.with.by.is_number_integer()) {
    std::int64_t total = 0;
    if (!__builtin_add_overflow(current.get<std::int64_t>(), op.with.by.get<std::int64_t>(),
                                &total))
      return Json(total);
    return fail(ErrorCode::conflict, "records: incrementing \"" + op.with.path + "\" of " +
                                         op.name() + " leaves the range of 64-bit integers.");
  }
  if (current.is_number()) return Json(current.get<double>() + op.with.by.get<double>());
  return fail(ErrorCode::conflict, "records: expected \"" + op.with.path + "\" of " + op.name() +
                                       " to be a number, it is " + current.type_name() + ".");
}

Result<Json> increment(const Operation& op) {
  if (op.with.path.empty()) return missing("path");
  Json value = op.stored ? op.stored->value : Json::object();
  const Json* there = value_at(value, op.with.path);
  const auto total = sum(op, there == nullptr ? Json(0) : *there);
  if (!total) return total;
  if (auto set = set_value_at(value, op.with.path, *total); !set)
    return std::unexpected(set.error());
  if (auto checked = check_size(value); !checked) return std::unexpected(checked.error());
  const std::int64_t version = write(op, value);
  Json out = Json::object();
  out["value"] = *total;
  out["version"] = version;
  return out;
}

// Bounded by count and by bytes, because the answer becomes part of a journal.
Result<Json> list(RecordTable& table, const RecordArguments& with) {
  const auto entries = table.list(with.collection, with.prefix, with.after, with.limit + 1);
  Json out = Json::object();
  out["items"] = Json::array();
  out["next"] = nullptr;
  std::size_t bytes = 0;
  for (const RecordTable::Entry& entry : entries) {
    bytes += entry.key.size() + dump_json(entry.value).size();
    const bool full = out["items"].size() == with.limit ||
                      (bytes > runtime::max_record_bytes && !out["items"].empty());
    if (full) {
      out["next"] = out["items"].back()["key"];
      break;
    }
    Json item = Json::object();
    item["key"] = entry.key;
    item["value"] = entry.value;
    item["version"] = entry.version;
    out["items"].push_back(std::move(item));
  }
  return out;
}

using Handler = Result<Json> (*)(const Operation&);
constexpr std::pair<std::string_view, Handler> handlers[] = {
    {"records.get", get},       {"records.put", put},
    {"records.create", create}, {"records.ensure", ensure},
    {"records.update", update}, {"records.upsertMonotonic", upsert_monotonic},
    {"records.delete", erase},  {"records.increment", increment},
};

}  // namespace

Result<Json> run_record_operation(RecordTable& table, const std::string& activity,
                                  const Json& arguments, Timestamp now) {
  const auto with = record_arguments(arguments);
  if (!with) return std::unexpected(with.error());
  if (activity == "records.list") return list(table, *with);
  for (const auto& [name, handler] : handlers) {
    if (name != activity) continue;
    if (with->key.empty()) return missing("key");
    const Operation operation{table, *with, table.find(with->collection, with->key), now};
    return handler(operation);
  }
  return fail(ErrorCode::not_found, "There is no operation \"" + activity +
                                        "\" in the store; see the catalog for records.*.");
}

}  // namespace sequent::persistence
