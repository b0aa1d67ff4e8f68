#pragma once

namespace sequent::expression {

/// Runs `body(argument)` on a thread with a 1 GiB stack and waits. libjq frees, compares and prints
/// values by recursion, so values nested within the limit on memory need a stack of that order; only
/// address space is taken until it is used.
/// threads  any; threads are kept for the next call, eight at most
/// errors   false when the system refuses the thread: `body` has not run
[[nodiscard]] bool on_deep_stack(void (*body)(void*), void* argument);

}  // namespace sequent::expression
