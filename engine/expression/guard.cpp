#include "engine/expression/guard.hpp"

#include <dlfcn.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sequent::expression {
namespace {

thread_local Guard* current_guard = nullptr;

constexpr std::size_t large_block = 64 << 10;
// The interpreter stops at the limit by itself, between two of its steps. Within one step it may
// still need a copy of what it holds; past this multiple it is left where it stands.
constexpr std::int64_t hard_factor = 4;
// jq computes an array's new size in an int: an index of about 1.4e9 overflows it and writes astray.
constexpr int max_index = 10'000'000;
// jv_setpath and jv_getpath call themselves for each step of the path.
constexpr int max_path = 10'000;

template <class Function>
Function original(const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) std::abort();
  Function function = nullptr;
  std::memcpy(&function, &found, sizeof(function));
  return function;
}

// jq's search for what to delete never ends at NaN, inside one step that nothing can halt.
bool are_deletable(jv paths) {
  if (jv_get_kind(paths) != JV_KIND_ARRAY) return true;
  const int count = jv_array_length(jv_copy(paths));
  bool fine = true;
  for (int i = 0; i < count && fine; ++i) {
    jv path = jv_array_get(jv_copy(paths), i);
    const int steps = jv_get_kind(path) == JV_KIND_ARRAY ? jv_array_length(jv_copy(path)) : 0;
    fine = steps <= max_path;
    for (int step = 0; step < steps && fine; ++step) {
      jv key = jv_array_get(jv_copy(path), step);
      fine = jv_get_kind(key) != JV_KIND_NUMBER || !std::isnan(jv_number_value(key));
      jv_free(key);
    }
    jv_free(path);
  }
  return fine;
}

[[noreturn]] void out_of_memory() {
  std::fputs("libjq: no memory\n", stderr);
  std::abort();
}

}  // namespace

struct Guard::Escape {
  std::jmp_buf place;
};

void Halter::halt(Stop why) {
  auto expected = Stop::none;
  if (reason.compare_exchange_strong(expected, why)) jq_halt(jq, jv_null(), jv_null());
}

Guard::Guard(Halter& halter, std::size_t max_bytes, std::vector<void*> large)
    : halter_(halter), limit_(static_cast<std::int64_t>(max_bytes)), large_(std::move(large)) {
  current_guard = this;
}

Guard::~Guard() {
  current_guard = nullptr;
}

Guard* Guard::current() {
  return current_guard;
}

bool Guard::run(void (*body)(void*), void* argument) {
  Escape escape;
  escape_ = &escape;
  if (setjmp(escape.place) != 0) {
    escape_ = nullptr;
    release_large();
    return false;
  }
  body(argument);
  escape_ = nullptr;
  return true;
}

void Guard::taken(void* block) {
  const auto size = malloc_usable_size(block);
  live_ += static_cast<std::int64_t>(size);
  if (size >= large_block) large_.push_back(block);
  if (live_ > limit_ && escape_ != nullptr) halter_.halt(Stop::memory);
}

void Guard::given_back(void* block) {
  if (block == nullptr) return;
  const auto size = malloc_usable_size(block);
  live_ -= static_cast<std::int64_t>(size);
  if (size < large_block) return;
  const auto found = std::find(large_.rbegin(), large_.rend(), block);  // mostly a recent one
  if (found == large_.rend()) return;
  *found = large_.back();
  large_.pop_back();
}

void Guard::ask(std::size_t bytes) {
  if (escape_ == nullptr) return;
  const auto most = limit_ * hard_factor;
  if (bytes < static_cast<std::size_t>(most) && live_ + static_cast<std::int64_t>(bytes) <= most)
    return;
  auto expected = Stop::none;
  halter_.reason.compare_exchange_strong(expected, Stop::memory);
  leave();
}

void Guard::failed(const char* assertion) {
  if (escape_ == nullptr) return;
  assertion_ = assertion;
  auto expected = Stop::none;
  halter_.reason.compare_exchange_strong(expected, Stop::refused);
  leave();
}

void Guard::leave() {
  std::longjmp(escape_->place, 1);
}

void Guard::release_large() {
  for (void* block : large_) std::free(block);
  large_.clear();
}

}  // namespace sequent::expression

// --- in place of the library's -----------------------------------------------------------------

using sequent::expression::Guard;

extern "C" {

void* jv_mem_alloc(std::size_t size) {
  auto* guard = Guard::current();
  if (guard != nullptr) guard->ask(size);
  void* block = std::malloc(size);
  if (block == nullptr) sequent::expression::out_of_memory();
  if (guard != nullptr) guard->taken(block);
  return block;
}

void jv_mem_free(void* block) {
  if (auto* guard = Guard::current()) guard->given_back(block);
  std::free(block);
}

void* jv_mem_realloc(void* block, std::size_t size) {
  auto* guard = Guard::current();
  if (guard != nullptr) {
    guard->ask(size);
    guard->given_back(block);
  }
  void* moved = std::realloc(block, size);
  if (moved == nullptr) sequent::expression::out_of_memory();
  if (guard != nullptr) guard->taken(moved);
  return moved;
}

jv jv_array_set(jv array, int index, jv value) {
  static const auto set = sequent::expression::original<jv (*)(jv, int, jv)>("jv_array_set");
  if (index <= sequent::expression::max_index) return set(array, index, value);
  jv_free(array);
  jv_free(value);
  return jv_invalid_with_msg(jv_string("Array index too large (at most 10000000)"));
}

jv jv_setpath(jv root, jv path, jv value) {
  static const auto set = sequent::expression::original<jv (*)(jv, jv, jv)>("jv_setpath");
  if (jv_get_kind(path) != JV_KIND_ARRAY ||
      jv_array_length(jv_copy(path)) <= sequent::expression::max_path)
    return set(root, path, value);
  jv_free(root);
  jv_free(path);
  jv_free(value);
  return jv_invalid_with_msg(jv_string("Path too long (at most 10000 steps)"));
}

jv jv_getpath(jv root, jv path) {
  static const auto get = sequent::expression::original<jv (*)(jv, jv)>("jv_getpath");
  if (jv_get_kind(path) != JV_KIND_ARRAY ||
      jv_array_length(jv_copy(path)) <= sequent::expression::max_path)
    return get(root, path);
  jv_free(root);
  jv_free(path);
  return jv_invalid_with_msg(jv_string("Path too long (at most 10000 steps)"));
}

jv jv_delpaths(jv root, jv paths) {
  static const auto del = sequent::expression::original<jv (*)(jv, jv)>("jv_delpaths");
  if (sequent::expression::are_deletable(paths)) return del(root, paths);
  jv_free(root);
  jv_free(paths);
  return jv_invalid_with_msg(jv_string("Cannot delete at index NaN, or path too long"));
}

// An assertion of libjq faults the one evaluation that ran into it. Any other ends the process.
[[noreturn]] void __assert_fail(const char* assertion, const char* file, unsigned line,
                                const char* function) noexcept {
  if (auto* guard = Guard::current()) guard->failed(assertion);
  std::fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function, assertion);
  std::abort();
}
}
