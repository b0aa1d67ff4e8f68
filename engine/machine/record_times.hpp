#pragma once
// Which members of an encoded record are times, for those who show records or read what was shown.
#include <array>

namespace sequent::machine {

inline constexpr std::array time_members{"at",           "retryAt",      "timeoutAt",
                                         "dueAt",        "firstSentAt",  "parkedAt",
                                         "attemptUntil", "succeedBefore"};

}  // namespace sequent::machine
