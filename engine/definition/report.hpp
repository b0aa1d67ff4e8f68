#pragma once
// Gathers every finding of one compilation, with the places of the document.
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json_pointer.hpp"
#include "engine/definition/document.hpp"

namespace sequent::definition {

/// A part of the document and where it stands.
struct Value {
  const Json* json = nullptr;
  std::string pointer;

  [[nodiscard]] Value member(std::string_view name) const;
  [[nodiscard]] Value item(std::size_t index) const;
};

class Report {
 public:
  Report(const Document& document, std::string file)
      : document_{document}, file_{std::move(file)} {}

  void at_value(std::string_view pointer, std::string message, std::string hint = "");
  void at_key(std::string_view pointer, std::string message, std::string hint = "");
  /// At byte `offset` of the text of the scalar.
  void inside(std::string_view pointer, std::size_t offset, std::string message,
              std::string hint = "");
  void add(Finding finding);

  /// "expected `expectation`, got …" at the value.
  void mistyped(const Value& value, std::string_view expectation, std::string hint = "");

  [[nodiscard]] bool empty() const { return findings_.empty(); }
  /// In the order of the file, each mistake once, at most `most_findings` and a last one that says
  /// how many more there are.
  [[nodiscard]] std::vector<Finding> take();

  static constexpr std::size_t most_findings = 200;

 private:
  void add(std::string_view pointer, Place place, std::string message, std::string hint);

  const Document& document_;
  std::string file_;
  std::vector<Finding> findings_;
};

/// "a list", "text `abc`", "number 5", …: for "got …".
[[nodiscard]] std::string describe(const Json& value);

/// The candidate that `name` was most likely meant to be.
[[nodiscard]] std::optional<std::string> closest(std::string_view name,
                                                 std::span<const std::string> candidates);

/// "did you mean `x`?", else "known: a, b, c" when there are few, else `otherwise`.
[[nodiscard]] std::string suggestion(std::string_view name, std::span<const std::string> candidates,
                                     std::string_view otherwise = "");

}  // namespace sequent::definition
