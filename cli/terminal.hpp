#pragma once
// What people read: text, colours where they are wanted, and tables whose columns line up.
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "cli/environment.hpp"

namespace sequent::cli {

enum class Style { plain, bold, dim, good, warning, bad };

/// Text from outside for a terminal: control characters, which could move the cursor or set titles,
/// become visible; line ends stay when `lines` is set.
[[nodiscard]] std::string printable(std::string_view text, bool lines = false);
/// At most `columns` characters, the last one an ellipsis when something was cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns);

class Terminal {
 public:
  /// Colours only where the stream is a terminal and NO_COLOR is not set.
  explicit Terminal(const Environment& environment);

  void out(std::string_view text) const;    // one line to standard output
  void error(std::string_view text) const;  // one line to standard error
  /// A line on standard error that the next one replaces, until `last`. Where standard error is no
  /// terminal only the last one is written.
  void progress(std::string_view text, bool last) const;
  void json(const Json& value) const;       // indented
  void json_line(const Json& value) const;

  [[nodiscard]] std::string paint(Style style, std::string_view text) const;
  [[nodiscard]] std::string paint_error(Style style, std::string_view text) const;
  [[nodiscard]] bool colours_errors() const { return colours_errors_; }

 private:
  bool colours_ = false;
  bool colours_errors_ = false;
  bool watched_ = false;  // standard error is a terminal
};

struct Cell {
  std::string text;
  Style style = Style::plain;
};

class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  void add(std::vector<Cell> row);
  void print(const Terminal& terminal) const;
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

/// The colour of a run's status.
[[nodiscard]] Style style_of_status(std::string_view status);

}  // namespace sequent::cli
