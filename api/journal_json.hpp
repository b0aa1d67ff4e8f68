#pragma once
// Records as the journal stores them -> records as the API shows them.
#include <map>
#include <string>

#include "api/redact.hpp"

namespace sequent::api {

/// Remembers which frame is which task, so records must come in order, from the first.
class JournalReader {
 public:
  explicit JournalReader(const definition::Program& program);

  void note(const Json& record);                // one that is not shown
  [[nodiscard]] Json show(const Json& record);  // with `task`, times as text, redacted

 private:
  const definition::Program& program_;
  Redactor redact_;
  std::map<unsigned, std::string> tasks_;  // frame -> pointer
};

}  // namespace sequent::api
