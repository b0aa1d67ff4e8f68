#pragma once
// Regular expressions as ECMA-262 writes them, run by PCRE2: its matcher keeps its state on the
// heap under limits, where std::regex recurses once per character of the subject.
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

struct pcre2_real_code_8;

namespace sequent::schema {

enum class Match { no, yes, gave_up };

/// A compiled pattern, not anchored, over Unicode code points.
/// threads  immutable, any thread may match
class Regex {
 public:
  /// errors  invalid_definition with what is wrong in the pattern and at which offset
  [[nodiscard]] static Result<Regex> compile(std::string_view ecma);
  /// `gave_up` when the pattern backtracks past its limit, or the subject is no UTF-8.
  [[nodiscard]] Match search(std::string_view subject) const;

 private:
  std::shared_ptr<const pcre2_real_code_8> code_;
};

/// The same pattern in PCRE2's dialect: classes keep ECMA's meaning and what ECMA lacks is refused.
[[nodiscard]] Result<std::string> pcre2_pattern(std::string_view ecma);

}  // namespace sequent::schema
