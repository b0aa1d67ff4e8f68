#pragma once
// A sequence diagram as data, and its two spellings. What is drawn is decided elsewhere
// (draw_definition.hpp, draw_run.hpp).
#include <string>
#include <variant>
#include <vector>

#include "engine/definition/program.hpp"

namespace sequent::diagram {

using definition::Arrow;

struct Note {
  std::string over, text;
};
struct Open {
  enum class Block : std::uint8_t { loop, optional, alternative, parallel };
  Block block = Block::loop;
  std::string label;
};
/// The next branch of the innermost alternative or parallel block.
struct Branch {
  Open::Block block = Open::Block::alternative;
  std::string label;
};
struct Close {};

using Line = std::variant<Arrow, Note, Open, Branch, Close>;

struct Picture {
  std::string title;
  std::vector<std::string> participants;  // from left to right
  std::vector<Line> lines;
};

/// https://mermaid.js.org/syntax/sequenceDiagram.html
[[nodiscard]] std::string mermaid(const Picture& picture);
/// https://plantuml.com/sequence-diagram
[[nodiscard]] std::string plantuml(const Picture& picture);

}  // namespace sequent::diagram
