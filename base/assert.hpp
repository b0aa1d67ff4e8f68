#pragma once
// Our own bugs stop the process: a restart recovers from the journal, a wrong state does not.

namespace sequent {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define SEQUENT_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::sequent::assertion_failed(#condition, __FILE__, __LINE__))
