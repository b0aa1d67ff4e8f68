#pragma once
// Deletes runs and events that are older than they are to be kept, a few at a time, beside the work.
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "engine/runtime/clock.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/retention.hpp"

namespace sequent::cli {

/// "30d", "12h", "90m", "45s", or ISO 8601 ("P30D"); nothing when it is neither, or not above zero.
[[nodiscard]] std::optional<DurationMs> parse_retention(std::string_view text);

/// threads  start() and stop() from one; it has one of its own
class Housekeeping {
 public:
  /// `keep`: how long ended runs stay whose workflow does not say so itself (metadata.retention), and
  /// events; none: for ever.
  Housekeeping(runtime::Engine& engine, runtime::Retention& store, const runtime::Clock& clock,
               std::optional<DurationMs> keep);
  ~Housekeeping() { stop(); }
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

  void start();
  void stop();

 private:
  void run();
  /// Returns how long until the next round.
  DurationMs round();
  void clear(const definition::Program& program, DurationMs keep);
  void clear_events(DurationMs keep);
  /// False once it is to stop.
  [[nodiscard]] bool wait(DurationMs time);

  runtime::Engine& engine_;
  runtime::Retention& store_;
  const runtime::Clock& clock_;
  const std::optional<DurationMs> keep_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sequent::cli
