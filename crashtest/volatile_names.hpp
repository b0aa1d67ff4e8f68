#pragma once
// Ids and times differ from trial to trial; the names put in their place do not.
#include <map>
#include <string>

#include "base/json.hpp"

namespace sequent::crashtest {

class VolatileNames {
 public:
  /// `id` reads as `name` from now on.
  void add(const std::string& id, const std::string& name);
  /// Every object with an `id` inside `state` gets the name of its kind and its number in the order
  /// of their making: "<customer 1>".
  void add_objects(const Json& state);

  /// The value with known ids named, and unknown ones and times as "<id>", "<key>", "<time>".
  [[nodiscard]] Json replaced(const Json& value) const;

 private:
  [[nodiscard]] std::string replaced_text(const std::string& text) const;
  [[nodiscard]] std::string name_of(const std::string& word) const;

  std::map<std::string, std::string> names_;
  std::map<std::string, int> counts_;
};

}  // namespace sequent::crashtest
