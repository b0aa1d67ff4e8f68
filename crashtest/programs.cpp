#include "crashtest/programs.hpp"

namespace sequent::crashtest {

// The lock is held while it compiles: the others would only compile the same.
Result<definition::ProgramPtr> Programs::compile(const std::string& text,
                                                 definition::CompileOptions options) {
  const std::lock_guard lock{mutex_};
  const auto known = by_text_.find(text);
  if (known != by_text_.end()) return known->second;
  options.interpreters = interpreters_;
  auto program = definition::compile(text, options);
  if (program) by_text_.emplace(text, *program);
  return program;
}

definition::ProgramPtr Programs::find(const std::string& digest) {
  const std::lock_guard lock{mutex_};
  for (const auto& [text, program] : by_text_)
    if (program->digest == digest) return program;
  return nullptr;
}

}  // namespace sequent::crashtest
