#pragma once
// The text of a definition as one JSON value, with the line and column of everything in it.
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace sequent::definition {

/// Both from 1; 0 = unknown. Columns count characters, not bytes.
struct Place {
  int line = 0;
  int column = 0;
};

enum class ScalarStyle : std::uint8_t {
  none,
  plain,
  single_quoted,
  double_quoted,
  literal,
  folded
};

struct Position {
  Place key;    // of the member's name; the value's place for list items and the root
  Place value;  // of its value
  ScalarStyle style = ScalarStyle::none;
};

struct DocumentLimits {
  std::size_t max_bytes = 1 << 20;
  int max_depth = 64;
  std::size_t max_nodes = 50'000;  // after aliases and merge keys are expanded
};

class Document {
 public:
  Json root;
  std::vector<Finding> findings;  // mistakes that leave the rest readable, such as duplicate keys

  /// The position of the value at `pointer`, or of its nearest parent that has one.
  [[nodiscard]] const Position& at(std::string_view pointer) const;
  void place(std::string pointer, const Position& position);
  /// One line of the text, from 1, without its end; "" past the last.
  [[nodiscard]] std::string_view line(int number) const;
  /// Where byte `offset` of the text of the scalar at `pointer` stands in the file, as far as that
  /// can be told; else where the scalar begins.
  [[nodiscard]] Place inside_scalar(std::string_view pointer, std::size_t offset) const;

  void keep_text(std::string_view text);

 private:
  std::unordered_map<std::string, Position> positions_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

/// YAML 1.2 with the core schema (yes, no, on and off are text) or JSON.
/// errors  findings without a file name, of what stops the reading: syntax, limits, several documents
[[nodiscard]] std::expected<Document, std::vector<Finding>> read_document(
    std::string_view text, const DocumentLimits& limits);

}  // namespace sequent::definition
