#pragma once
// records.* in memory: what the operations mean is the stores' own code, only the table is another.
#include <map>
#include <string>
#include <utility>

#include "persistence/record_table.hpp"

namespace sequent::workflowtest {

class RecordMemory final : public persistence::RecordTable {
 public:
  std::optional<Stored> find(const std::string& collection, const std::string& key) override;
  void write(const std::string& collection, const std::string& key, const Json& value,
             std::int64_t version, Timestamp now) override;
  void erase(const std::string& collection, const std::string& key) override;
  std::optional<std::string> owner(const std::string& collection, const std::string& name,
                                   const std::string& value) override;
  void replace_unique(const std::string& collection, const std::string& key,
                      const std::map<std::string, std::string>& unique) override;
  std::vector<Entry> list(const std::string& collection, const std::string& prefix,
                          const std::string& after, std::size_t limit) override;

  /// shape  {collection: {key: value}}
  [[nodiscard]] Json all() const;

 private:
  struct Row {
    Stored stored;
    std::map<std::string, std::string> unique;
  };
  std::map<std::string, std::map<std::string, Row>> collections_;
};

}  // namespace sequent::workflowtest
