#include "engine/expression/interpreter.hpp"

#include <chrono>
#include <mutex>
#include <optional>

#include "engine/expression/deep_stack.hpp"
#include "engine/expression/guard.hpp"
#include "engine/expression/value.hpp"
#include "engine/expression/watchdog.hpp"

namespace sequent::expression {
namespace {

constexpr std::size_t unlimited = std::size_t{1} << 40;  // times a small factor
// After the first value the rest is asked for, so that jq unwinds its stack: normally there is none.
constexpr int max_drained = 100;

// What happens inside the guard: plain data, because libjq may be left by a long jump.
struct Drive {
  jq_state* jq;
  jv input;
  jv value;
  bool drained = false;
};

void drive(void* argument) {
  auto& drive = *static_cast<Drive*>(argument);
  drive.value = jq_next(drive.jq);
  if (!jv_is_valid(drive.value)) {
    drive.drained = true;
    return;
  }
  for (int i = 0; i < max_drained && !drive.drained; ++i) {
    jv rest = jq_next(drive.jq);
    drive.drained = !jv_is_valid(rest);
    jv_free(rest);
  }
}

void start(void* argument) {
  auto& drive = *static_cast<Drive*>(argument);
  jq_start(drive.jq, drive.input, 0);
}

// States that can't be freed. They stay reachable: lost on purpose, some 30 KB each.
void bury(jq_state* jq) {
  static std::mutex mutex;
  static auto* buried = new std::vector<jq_state*>;
  const std::lock_guard lock(mutex);
  buried->push_back(jq);
}

struct TearDown {
  jq_state* jq;
  std::vector<void*> large;
};

void tear_down(void* argument) {
  auto& doomed = *static_cast<TearDown*>(argument);
  Halter halter;
  halter.jq = doomed.jq;
  Guard guard(halter, unlimited, std::move(doomed.large));
  const auto body = [](void* state) {
    auto* jq = static_cast<jq_state*>(state);
    jq_teardown(&jq);
  };
  if (!guard.run(body, doomed.jq)) bury(doomed.jq);
}

std::string message_of(jv invalid) {
  jv message = jv_invalid_get_msg(invalid);
  if (jv_get_kind(message) != JV_KIND_STRING) message = jv_dump_string(message, 0);
  std::string text(jv_string_value(message),
                   static_cast<std::size_t>(jv_string_length_bytes(jv_copy(message))));
  jv_free(message);
  constexpr std::size_t longest = 4'096;
  if (text.size() > longest) text = text.substr(0, longest) + "…";
  return text;
}

std::unexpected<Error> stopped(Stop why, const Limits& limits, const Guard& guard) {
  switch (why) {
    case Stop::time:
      return fail(ErrorCode::expression,
                  "the expression ran longer than " + std::to_string(limits.timeout_ms) +
                      " ms and was halted; look for an endless loop or recursion");
    case Stop::memory:
      return fail(ErrorCode::expression,
                  "the expression needed more than " + std::to_string(limits.max_memory_bytes) +
                      " bytes of memory and was halted; look for values that grow without end");
    case Stop::refused:
    case Stop::none:
      break;
  }
  const std::string assertion = guard.assertion() == nullptr ? "unknown" : guard.assertion();
  return fail(ErrorCode::expression,
              "jq can't evaluate the expression on this value (its check \"" + assertion +
                  "\" failed); the arguments of a function are "
                  "not what it expects");
}

struct Compilation {
  jq_state* jq;
  const char* program;
  bool compiled = false;
};

void compile_inside(void* argument) {
  auto& job = *static_cast<Compilation*>(argument);
  job.compiled = jq_compile(job.jq, job.program) != 0;
}

void discard(void*, jv message) {
  jv_free(message);
}

void collect(void* messages, jv message) {
  if (jv_get_kind(message) == JV_KIND_STRING)
    static_cast<std::vector<std::string>*>(messages)->emplace_back(jv_string_value(message));
  jv_free(message);
}

}  // namespace

std::unique_ptr<Interpreter> Interpreter::compile(const std::string& program,
                                                  std::vector<std::string>& messages) {
  Compilation job{jq_init(), program.c_str()};
  if (job.jq == nullptr) return nullptr;
  std::unique_ptr<Interpreter> interpreter(new Interpreter(job.jq));
  jq_set_error_cb(job.jq, collect, &messages);
  Halter halter;
  halter.jq = job.jq;
  Guard guard(halter, unlimited);
  if (!guard.run(compile_inside, &job)) {
    interpreter->usable_ = false;
    interpreter->abandoned_ = true;
    messages.emplace_back("jq can't compile it (its check \"" +
                          std::string(guard.assertion() == nullptr ? "" : guard.assertion()) +
                          "\" failed)");
    return nullptr;
  }
  // `messages` may go before the interpreter does, and at run time nothing is reported this way.
  jq_set_error_cb(job.jq, discard, nullptr);
  return job.compiled ? std::move(interpreter) : nullptr;
}

Interpreter::~Interpreter() {
  if (abandoned_) {
    bury(jq_);
    return;
  }
  if (usable_) {
    jq_teardown(&jq_);
    return;
  }
  TearDown doomed{jq_, std::move(large_)};
  if (!on_deep_stack(tear_down, &doomed)) bury(jq_);
}

Result<Json> Interpreter::run(jv input, const Limits& limits, bool deep) {
  if (!deep) return run_here(input, limits);
  struct Call {
    Interpreter* self;
    jv input;
    const Limits* limits;
    std::optional<Result<Json>> result;
  } call{this, input, &limits, std::nullopt};
  const auto body = [](void* argument) {
    auto& it = *static_cast<Call*>(argument);
    it.result.emplace(it.self->run_here(it.input, *it.limits));
  };
  if (on_deep_stack(body, &call)) return std::move(*call.result);
  jv_free(input);
  return fail(ErrorCode::expression, "the system refused a thread for the expression; try again");
}

Result<Json> Interpreter::run_here(jv input, const Limits& limits) {
  Halter halter;
  halter.jq = jq_;
  Guard guard(halter, limits.max_memory_bytes);
  Drive state{jq_, input, jv_null()};
  if (!guard.run(start, &state)) {
    usable_ = false;
    abandoned_ = true;
    return stopped(halter.reason, limits, guard);
  }
  bool whole = false;
  {
    // After jq_start, which would take a halt back.
    const Watch watch(halter, std::chrono::milliseconds(limits.timeout_ms));
    whole = guard.run(drive, &state);
  }
  const auto why = halter.reason.load();
  usable_ = whole && state.drained && why == Stop::none;
  abandoned_ = !whole;
  if (!usable_ && whole) large_ = guard.large();
  ran_out_of_memory_ = why == Stop::memory && (!whole || !jv_is_valid(state.value));
  if (!whole) return stopped(why, limits, guard);
  if (jv_is_valid(state.value)) {
    auto result = from_jv(state.value, limits.max_output_bytes);
    jv_free(state.value);
    return result;
  }
  if (why != Stop::none) {
    jv_free(state.value);
    return stopped(why, limits, guard);
  }
  if (jv_invalid_has_msg(jv_copy(state.value)) == 0) {
    jv_free(state.value);
    return Json(nullptr);
  }
  return fail(ErrorCode::expression, message_of(state.value));
}

}  // namespace sequent::expression
