#include "workflowtest/record_memory.hpp"

namespace sequent::workflowtest {

std::optional<persistence::RecordTable::Stored> RecordMemory::find(const std::string& collection,
                                                                   const std::string& key) {
  const auto& rows = collections_[collection];
  const auto found = rows.find(key);
  return found == rows.end() ? std::nullopt : std::optional{found->second.stored};
}

void RecordMemory::write(const std::string& collection, const std::string& key, const Json& value,
                         std::int64_t version, Timestamp) {
  collections_[collection][key].stored = {.value = value, .version = version};
}

void RecordMemory::erase(const std::string& collection, const std::string& key) {
  collections_[collection].erase(key);
}

std::optional<std::string> RecordMemory::owner(const std::string& collection,
                                               const std::string& name, const std::string& value) {
  for (const auto& [key, row] : collections_[collection]) {
    const auto held = row.unique.find(name);
    if (held != row.unique.end() && held->second == value) return key;
  }
  return std::nullopt;
}

void RecordMemory::replace_unique(const std::string& collection, const std::string& key,
                                  const std::map<std::string, std::string>& unique) {
  collections_[collection][key].unique = unique;
}

std::vector<persistence::RecordTable::Entry> RecordMemory::list(const std::string& collection,
                                                                const std::string& prefix,
                                                                const std::string& after,
                                                                std::size_t limit) {
  std::vector<Entry> entries;
  for (const auto& [key, row] : collections_[collection])
    if (key > after && key.starts_with(prefix) && entries.size() < limit)
      entries.push_back({.key = key, .value = row.stored.value, .version = row.stored.version});
  return entries;
}

Json RecordMemory::all() const {
  Json out = Json::object();
  for (const auto& [name, rows] : collections_)
    for (const auto& [key, row] : rows) out[name][key] = row.stored.value;
  return out;
}

}  // namespace sequent::workflowtest
