#pragma once
// Reads one object of the document member by member, so that what nobody asked for is reported.
#include <initializer_list>

#include "engine/definition/report.hpp"

namespace sequent::definition {

class Fields {
 public:
  /// `what` names the object in messages: "a retry policy". A value that is no object is reported
  /// and reads as empty.
  Fields(Report& report, const Value& value, std::string what);

  [[nodiscard]] bool usable() const { return value_.json->is_object(); }
  [[nodiscard]] const Value& value() const { return value_; }

  /// The member, where it is there.
  std::optional<Value> get(std::string_view name);
  /// The same; its absence is a finding that says what was expected.
  std::optional<Value> require(std::string_view name, std::string_view expectation);
  /// Members that are known here but read elsewhere, or by nobody.
  void know(std::initializer_list<std::string_view> names);
  /// Reports the members that nobody asked for.
  void finish();

 private:
  Report& report_;
  Value value_;
  std::string what_;
  std::vector<std::string> known_;
};

/// Scalars; a value of another type is reported and gives nothing.
[[nodiscard]] std::optional<std::string> read_text(Report& report, const Value& value,
                                                   std::string_view what);
[[nodiscard]] std::optional<bool> read_flag(Report& report, const Value& value,
                                            std::string_view what);
[[nodiscard]] std::optional<std::int64_t> read_integer(Report& report, const Value& value,
                                                       std::string_view what, std::int64_t least,
                                                       std::int64_t most);
[[nodiscard]] std::optional<std::string> read_choice(Report& report, const Value& value,
                                                     std::string_view what,
                                                     std::initializer_list<std::string_view> words);
/// True when the value is a list; else reported.
[[nodiscard]] bool is_list(Report& report, const Value& value, std::string_view what);
[[nodiscard]] bool is_object(Report& report, const Value& value, std::string_view what);
/// Names of the members of an object.
[[nodiscard]] std::vector<std::string> member_names(const Json& object);

}  // namespace sequent::definition
