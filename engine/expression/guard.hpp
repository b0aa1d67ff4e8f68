#pragma once
// What one evaluation may take from the process, kept by standing between libjq and malloc.
//
// libjq 1.6 has no limits of its own and ends the process when an assertion of it fails or memory
// runs out. Its calls of jv_mem_alloc, jv_set … go through the dynamic linker, so the definitions in
// guard.cpp replace the library's. Outside a Guard they do just what the originals do.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/expression/libjq.hpp"

namespace sequent::expression {

/// Why an evaluation did not come to its own end.
enum class Stop : int { none, time, memory, refused };

/// Halts one jq_state at most once, whoever asks first (the watchdog or the evaluation itself).
struct Halter {
  jq_state* jq = nullptr;
  std::atomic<Stop> reason{Stop::none};
  void halt(Stop why);
};

/// threads  belongs to the thread that makes it; one at a time on each
class Guard {
 public:
  /// `large`: blocks of an earlier guard, see large().
  Guard(Halter& halter, std::size_t max_bytes, std::vector<void*> large = {});
  ~Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  /// Calls `body(argument)`. False when libjq had to be left in the middle (an assertion of it
  /// failed, or it asked for far more than the limit): its state must then never be touched again.
  /// `body` must own nothing that needs a destructor.
  [[nodiscard]] bool run(void (*body)(void*), void* argument);

  [[nodiscard]] const char* assertion() const { return assertion_; }

  /// Blocks of 64 KiB and more that are still taken. run() gives them back when it returns false, so
  /// that what is lost with a state that can't be torn down is small.
  [[nodiscard]] std::vector<void*> large() { return std::move(large_); }

  // For the replaced functions only.
  void taken(void* block);
  void given_back(void* block);
  void ask(std::size_t bytes);
  [[noreturn]] void leave();
  void failed(const char* assertion);
  static Guard* current();

 private:
  void release_large();

  struct Escape;
  Halter& halter_;
  std::int64_t live_ = 0;  // bytes taken and not given back since the guard began
  std::int64_t limit_;
  const char* assertion_ = nullptr;
  Escape* escape_ = nullptr;
  std::vector<void*> large_;
};

}  // namespace sequent::expression
