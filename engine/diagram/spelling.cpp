// A picture as Mermaid and as PlantUML: the same lines, with each language's words.
#include <array>

#include "engine/diagram/picture.hpp"

namespace sequent::diagram {
namespace {

// Neither language has a quote for text: a line break, `;` and `#` would end or change a statement.
std::string one_line(std::string_view text, std::string_view line_break) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += line_break;
    } else if (c == ';' || c == '#') {
      out += ',';
    } else {
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

// "2.5. Request": an arrow is found again in its document by its number.
std::string label_of(const Arrow& arrow) {
  std::string numbers;
  for (const auto& place : arrow.places) {
    numbers += numbers.empty() ? "" : ", ";
    if (place.diagram > 1) numbers += std::to_string(place.diagram) + ".";
    numbers += std::to_string(place.number);
  }
  return (numbers.empty() ? "" : numbers + ". ") + arrow.text;
}

// Participants by short names, because theirs hold spaces and brackets.
class Writer {
 public:
  Writer(const Picture& picture, std::string_view line_break, std::string_view indent)
      : picture_{picture}, line_break_{line_break}, indent_{indent} {}

  void line(std::string_view words) {
    for (std::size_t i = 0; i < depth_; ++i) out_ += indent_;
    out_ += words;
    out_ += '\n';
  }
  [[nodiscard]] std::string text(std::string_view value) const {
    return one_line(value, line_break_);
  }
  [[nodiscard]] std::string id(std::string_view participant) const {
    const auto& all = picture_.participants;
    const auto found = std::find(all.begin(), all.end(), participant);
    return "P" + std::to_string(found - all.begin() + 1);
  }
  void deeper() { ++depth_; }
  void back() { --depth_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  const Picture& picture_;
  std::string_view line_break_, indent_;
  std::size_t depth_ = 0;
  std::string out_;
};

std::string_view opening(Open::Block block, std::string_view parallel) {
  switch (block) {
    case Open::Block::loop:
      return "loop ";
    case Open::Block::optional:
      return "opt ";
    case Open::Block::alternative:
      return "alt ";
    case Open::Block::parallel:
      return parallel;
  }
  return "";
}

struct Words {
  std::string_view call, reply, note, parallel, next_parallel;
};
constexpr Words mermaid_words{"->>", "-->>", "Note over ", "par ", "and "};
constexpr Words plantuml_words{"->", "-->", "note over ", "par ", "else "};

void write(Writer& writer, const Words& words, const Line& line) {
  if (const auto* arrow = std::get_if<Arrow>(&line)) {
    writer.line(writer.id(arrow->from) + std::string(arrow->reply ? words.reply : words.call) +
                writer.id(arrow->to) + ": " + writer.text(label_of(*arrow)));
  } else if (const auto* note = std::get_if<Note>(&line)) {
    writer.line(std::string(words.note) + writer.id(note->over) + ": " + writer.text(note->text));
  } else if (const auto* open = std::get_if<Open>(&line)) {
    writer.line(std::string(opening(open->block, words.parallel)) + writer.text(open->label));
    writer.deeper();
  } else if (const auto* branch = std::get_if<Branch>(&line)) {
    writer.back();
    const bool parallel = branch->block == Open::Block::parallel;
    writer.line(std::string(parallel ? words.next_parallel : "else ") + writer.text(branch->label));
    writer.deeper();
  } else {
    writer.back();
    writer.line("end");
  }
}

}  // namespace

std::string mermaid(const Picture& picture) {
  Writer writer{picture, "<br/>", "  "};
  writer.line("sequenceDiagram");
  writer.deeper();
  if (!picture.title.empty()) writer.line("title " + writer.text(picture.title));
  for (const auto& name : picture.participants)
    writer.line("participant " + writer.id(name) + " as " + writer.text(name));
  for (const auto& line : picture.lines) write(writer, mermaid_words, line);
  return writer.take();
}

std::string plantuml(const Picture& picture) {
  Writer writer{picture, "\\n", "  "};
  writer.line("@startuml");
  if (!picture.title.empty()) writer.line("title " + writer.text(picture.title));
  for (const auto& name : picture.participants)
    writer.line("participant \"" + writer.text(name) + "\" as " + writer.id(name));
  for (const auto& line : picture.lines) write(writer, plantuml_words, line);
  writer.line("@enduml");
  return writer.take();
}

}  // namespace sequent::diagram
