#include "base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace sequent {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(
      stderr,
      "sequent: assertion failed: %s (%s:%d). This is a bug in Sequent; the journal is intact.\n",
      expression, file, line);
  std::abort();
}

}  // namespace sequent
