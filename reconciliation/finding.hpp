#pragma once
// What a reconciliation finds, and the repair that fits.
#include <string>
#include <vector>

#include "base/time.hpp"
#include "reconciliation/fields.hpp"

namespace sequent::reconciliation {

enum class Found : std::uint8_t {
  missing,      // a journal says that it was made, the provider has it no more
  extra,        // the provider has it, and no journal says so
  different,    // it is not as we asked for it
  answer_lost,  // it was made, and the run that asked for it has not heard so
};
[[nodiscard]] std::string_view name_of(Found found);

struct Finding {
  Found found = Found::missing;
  std::string object, id;  // "customer", "cus_…"
  std::string account;     // "" = the platform's own
  std::string run, task;   // "" = none is known
  Timestamp at = 0;        // made, as far as is known
  std::string cause, repair;
  std::vector<Difference> fields;  // different
};

[[nodiscard]] Json to_json(const Finding& finding);

}  // namespace sequent::reconciliation
