#include "engine/expression/scan.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "engine/expression/characters.hpp"

namespace sequent::expression {
namespace {

// jq's time to compile grows with the square of an expression's length: seconds at this size.
constexpr std::size_t max_source_bytes = 16 << 10;
constexpr std::size_t max_nesting = 200;

struct Forbidden {
  std::string_view name, what;
};

constexpr std::array forbidden{
    Forbidden{"env", "the environment"},
    Forbidden{"input", "further inputs"},
    Forbidden{"inputs", "further inputs"},
    Forbidden{"_input", "further inputs"},
    Forbidden{"input_filename", "files"},
    Forbidden{"input_line_number", "files"},
    Forbidden{"get_search_list", "files"},
    Forbidden{"get_prog_origin", "files"},
    Forbidden{"get_jq_origin", "files"},
    Forbidden{"debug", "the process' output"},
    Forbidden{"stderr", "the process' output"},
    Forbidden{"halt", "the process"},
    Forbidden{"halt_error", "the process"},
    Forbidden{"modulemeta", "modules"},
    Forbidden{"import", "modules"},
    Forbidden{"include", "modules"},
    Forbidden{"module", "modules"},
};

// What can feed a result into itself. map, select, any … only walk what is there.
constexpr std::array looping{
    std::string_view{"reduce"},      std::string_view{"foreach"},  std::string_view{"def"},
    std::string_view{"recurse"},     std::string_view{"while"},    std::string_view{"until"},
    std::string_view{"repeat"},      std::string_view{"walk"},     std::string_view{"setpath"},
    std::string_view{"getpath"},     std::string_view{"delpaths"}, std::string_view{"fromstream"},
    std::string_view{"recurse_down"}};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

// One bracket, `if` or `def`, with the variables that are bound in it. `kept` outlive a `;`.
struct Scope {
  char opened;  // ( [ {  s: \( in a string  i: if  d: def
  std::size_t at;
  std::vector<std::string> kept, bound;
};

class Scanner {
 public:
  Scanner(std::string_view source, Scan& found) : source_(source), found_(found) {}

  std::optional<Refusal> run() {
    if (source_.size() > max_source_bytes)
      return Refusal{"the expression has " + std::to_string(source_.size()) +
                         " bytes; at most 16384 are allowed",
                     max_source_bytes, false};
    scopes_.push_back({'.', 0, {}, {}});
    while (!refusal_ && at_ < source_.size()) step();
    if (refusal_) return refusal_;
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
      if (scope->opened == 's')
        return Refusal{"the interpolation in the string that begins here is never closed",
                       scope->at, false};
      else if (scope->opened == '(' || scope->opened == '[' || scope->opened == '{')
        return Refusal{std::string("'") + scope->opened + "' is never closed", scope->at, false};
    if (!any_token_) return Refusal{"the expression is empty", 0, false};
    return std::nullopt;
  }

 private:
  void refuse(std::string message, std::size_t offset) {
    if (!refusal_) refusal_ = Refusal{std::move(message), offset, false};
  }
  [[nodiscard]] char here(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  void step() {
    const char c = here();
    if (is_space(c)) {
      ++at_;
      return;
    }
    if (c == '#') {
      while (at_ < source_.size() && here() != '\n' && here() != '\r') ++at_;
      return;
    }
    if (c == '\0') return refuse("a zero byte is not allowed", at_);
    any_token_ = true;
    if (c == '"') {
      ++at_;
      return string_part(at_ - 1);
    }
    if (c == '$') return variable();
    if (c == '@' || (c == '.' && is_name_start(here(1)))) return field_or_format();
    if (is_name_start(c)) return word();
    if (c == '(' || c == '[' || c == '{') return open(c);
    if (c == ')' || c == ']' || c == '}') return close(c);
    if (c == ';') segment_ends();
    if (c == '|' && pattern_ends()) bind_pattern(scopes_.back().bound);
    previous_ = c;
    ++at_;
  }

  // From after an opening quote, or after the `)` of an interpolation, to the quote or next `\(`.
  void string_part(std::size_t began) {
    while (at_ < source_.size()) {
      const char c = here();
      if (c == '\0') return refuse("a zero byte is not allowed", at_);
      if (c == '"') {
        ++at_;
        previous_ = '"';
        return;
      }
      if (c == '\\' && here(1) == '(') {
        at_ += 2;
        push({'s', began, {}, {}});
        previous_ = '(';
        return;
      }
      at_ += c == '\\' ? 2 : 1;
    }
    refuse("the string that begins here is never closed", began);
  }

  void field_or_format() {
    ++at_;
    while (is_name(here())) ++at_;
    previous_ = 'f';
  }

  std::string name_here() {
    const auto began = at_;
    while (is_name(here())) ++at_;
    return std::string(source_.substr(began, at_ - began));
  }

  void variable() {
    const auto began = at_++;
    while (is_space(here())) ++at_;  // jq allows `$ name`
    if (!is_name_start(here())) return refuse("a variable's name was expected after '$'", began);
    const auto name = name_here();
    if (here() == ':' && here(1) == ':') return refuse_module(began);
    const char before = previous_;
    previous_ = 'v';
    if (name == "__loc__") return;
    if (name == "ENV") return refuse("$ENV: expressions have no access to the environment", began);
    if (name.starts_with("__"))
      return refuse("$" + name + ": names that begin with '__' are reserved", began);
    if (before == 'l') return;  // `label $name` and `break $name` name no variable
    if (in_pattern())
      pattern_.push_back(name);
    else if (in_parameters())
      scopes_[scopes_.size() - 2].kept.push_back(name);
    else if (!is_bound(name))
      found_.free.insert(name);
  }

  void refuse_module(std::size_t began) {
    refuse("'::': expressions have no access to modules", began);
  }

  [[nodiscard]] bool is_bound(const std::string& name) const {
    return std::ranges::any_of(scopes_, [&](const Scope& scope) {
      return std::ranges::find(scope.kept, name) != scope.kept.end() ||
             std::ranges::find(scope.bound, name) != scope.bound.end();
    });
  }

  // `{input: 1}`, `{input}` and `as {input: $x}` name a member, nothing to call.
  [[nodiscard]] bool is_key() const {
    return scopes_.back().opened == '{' && (previous_ == '{' || previous_ == ',');
  }

  void word() {
    const auto began = at_;
    const auto name = name_here();
    if (here() == ':' && here(1) == ':') return refuse_module(began);
    const bool key = is_key();
    const char before = previous_;
    previous_ = 'w';
    if (key) return;
    if (name.starts_with("__"))
      return refuse("'" + name + "': names that begin with '__' are reserved", began);
    for (const auto& entry : forbidden)
      if (entry.name == name)
        return refuse("'" + name + "': expressions have no access to " + std::string(entry.what),
                      began);
    if (std::ranges::find(looping, name) != looping.end()) found_.loops = true;
    if (name == "now") found_.uses_now = true;
    if (before == 'd') {  // the name that a def gives
      if (here() == '(') parameters_at_ = at_;
      return;
    }
    keyword(name, began);
  }

  void keyword(const std::string& name, std::size_t began) {
    if (name == "as") {
      pattern_scope_ = scopes_.size();
      pattern_.clear();
    } else if (name == "label" || name == "break") {
      previous_ = 'l';
    } else if (name == "def") {
      push({'d', began, {}, {}});
      previous_ = 'd';
    } else if (name == "if") {
      push({'i', began, {}, {}});
    } else if ((name == "then" || name == "elif" || name == "else" || name == "end") &&
               scopes_.back().opened == 'i') {
      scopes_.back().bound.clear();
      if (name == "end") scopes_.pop_back();
    }
  }

  // Between `as` and the `|` or `(` that follows the pattern. Inside `{(…): $x}` variables are used.
  [[nodiscard]] bool in_pattern() const {
    if (pattern_scope_ == 0) return false;
    for (auto i = pattern_scope_; i < scopes_.size(); ++i)
      if (scopes_[i].opened != '[' && scopes_[i].opened != '{') return false;
    return true;
  }
  [[nodiscard]] bool pattern_ends() const { return pattern_scope_ == scopes_.size(); }
  [[nodiscard]] bool in_parameters() const {
    return scopes_.back().opened == '(' && scopes_.size() >= 2 && parameters_at_ &&
           *parameters_at_ == scopes_.back().at;
  }
  void bind_pattern(std::vector<std::string>& into) {
    into.insert(into.end(), pattern_.begin(), pattern_.end());
    pattern_.clear();
    pattern_scope_ = 0;
  }

  void push(Scope scope) {
    if (scopes_.size() > max_nesting)
      return refuse("nested deeper than " + std::to_string(max_nesting), scope.at);
    scopes_.push_back(std::move(scope));
  }

  void open(char bracket) {
    Scope scope{bracket, at_, {}, {}};
    // The body of `reduce … as $x (…)`: its variables end with it.
    if (bracket == '(' && pattern_ends()) bind_pattern(scope.kept);
    push(std::move(scope));
    previous_ = bracket;
    ++at_;
  }

  void close(char bracket) {
    // An `if` or `def` that is not finished here is jq's to report; it must not hide the bracket.
    while (scopes_.back().opened == 'i' || scopes_.back().opened == 'd') scopes_.pop_back();
    const char opened = scopes_.back().opened;
    const bool interpolation = opened == 's' && bracket == ')';
    const bool fits = interpolation || (opened == '(' && bracket == ')') ||
                      (opened == '[' && bracket == ']') || (opened == '{' && bracket == '}');
    if (!fits) {
      refuse(std::string("'") + bracket + "' closes nothing that was opened here", at_);
      refusal_->stray_brace = bracket == '}';
      return;
    }
    const auto began = scopes_.back().at;
    scopes_.pop_back();
    if (pattern_scope_ > scopes_.size()) pattern_scope_ = 0;
    previous_ = bracket;
    ++at_;
    if (interpolation) string_part(began);
  }

  void segment_ends() {
    if (scopes_.back().opened == 'd')
      scopes_.pop_back();
    else
      scopes_.back().bound.clear();
  }

  std::string_view source_;
  Scan& found_;
  std::size_t at_ = 0;
  char previous_ = '\0';  // the last token: itself, or w word, v variable, f field, l label, d def
  bool any_token_ = false;
  std::vector<Scope> scopes_;
  std::size_t pattern_scope_ = 0;  // number of scopes where `as` stood; 0 = in no pattern
  std::vector<std::string> pattern_;
  std::optional<std::size_t> parameters_at_;  // the `(` after `def name`
  std::optional<Refusal> refusal_;
};

}  // namespace

std::optional<Refusal> scan(std::string_view source, Scan& found) {
  return Scanner(source, found).run();
}

}  // namespace sequent::expression
