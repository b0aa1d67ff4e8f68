#include "cli/terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/assert.hpp"

namespace sequent::cli {
namespace {

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Characters, not bytes; wide ones count as one, which only costs a column its alignment.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\033[1m";
    case Style::dim:
      return "\033[2m";
    case Style::good:
      return "\033[32m";
    case Style::warning:
      return "\033[33m";
    case Style::bad:
      return "\033[31m";
  }
  return "";
}

std::string painted(bool colours, Style style, std::string_view text) {
  if (!colours || style == Style::plain) return std::string(text);
  return std::string(code_of(style)) + std::string(text) + "\033[0m";
}

void put(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fputc('\n', file);
  std::fflush(file);
}

}  // namespace

std::string printable(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too, two bytes in UTF-8.
    const bool second_set =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (second_set) {
      out += '?';
      ++i;
    } else if (lines && text[i] == '\n') {
      out += '\n';
    } else if (text[i] == '\n' || text[i] == '\r' || text[i] == '\t') {
      out += ' ';
    } else {
      out += byte < 0x20 || byte == 0x7F ? '?' : text[i];
    }
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t columns) {
  SEQUENT_ASSERT(columns >= 1);
  if (columns_of(text) <= columns) return std::string(text);
  std::string out;
  std::size_t taken = 0;
  for (const char c : text) {
    if (!continues(c) && ++taken == columns) break;
    out += c;
  }
  return out + "…";
}

Terminal::Terminal(const Environment& environment) {
  const bool wanted = !environment("NO_COLOR") && environment("TERM").value_or("") != "dumb";
  colours_ = wanted && ::isatty(STDOUT_FILENO) == 1;
  watched_ = ::isatty(STDERR_FILENO) == 1;
  colours_errors_ = wanted && watched_;
}

void Terminal::out(std::string_view text) const {
  put(stdout, text);
}
void Terminal::error(std::string_view text) const {
  put(stderr, text);
}
void Terminal::progress(std::string_view text, bool last) const {
  if (!watched_ && !last) return;
  const std::string line = (watched_ ? "\r\033[K" : "") + std::string(text) + (last ? "\n" : "");
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}
void Terminal::json(const Json& value) const {
  put(stdout, value.dump(2, ' ', false, Json::error_handler_t::replace));
}
void Terminal::json_line(const Json& value) const {
  put(stdout, dump_json(value));
}

std::string Terminal::paint(Style style, std::string_view text) const {
  return painted(colours_, style, text);
}
std::string Terminal::paint_error(Style style, std::string_view text) const {
  return painted(colours_errors_, style, text);
}

Table::Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

void Table::add(std::vector<Cell> row) {
  SEQUENT_ASSERT(row.size() == headings_.size());
  for (auto& cell : row) cell.text = printable(cell.text);
  rows_.push_back(std::move(row));
}

void Table::print(const Terminal& terminal) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headings_.size(); ++i) {
    std::size_t width = columns_of(headings_[i]);
    for (const auto& row : rows_) width = std::max(width, columns_of(row[i].text));
    widths.push_back(width);
  }
  const auto line = [&](const std::vector<Cell>& row) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += terminal.paint(row[i].style, row[i].text);
      if (i + 1 < row.size()) text.append(widths[i] - columns_of(row[i].text) + 2, ' ');
    }
    while (text.ends_with(' ')) text.pop_back();
    terminal.out(text);
  };
  std::vector<Cell> head;
  for (const auto& heading : headings_) head.push_back({heading, Style::dim});
  line(head);
  for (const auto& row : rows_) line(row);
}

Style style_of_status(std::string_view status) {
  if (status == "completed") return Style::good;
  if (status == "faulted") return Style::bad;
  if (status == "waiting" || status == "suspended") return Style::warning;
  if (status == "cancelled") return Style::dim;
  return Style::plain;
}

}  // namespace sequent::cli
