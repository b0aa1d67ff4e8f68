#pragma once
// What an action would do to a run, without doing it.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/repair/effects.hpp"
#include "engine/runtime/engine.hpp"
#include "engine/runtime/repair_store.hpp"

namespace sequent::repair {

/// What going back to the task would do again.
/// threads  blocking
/// errors   not_found
[[nodiscard]] Result<std::vector<Effect>> effects_since(runtime::Engine& engine,
                                                        runtime::RunQueries& runs,
                                                        const InstanceId& id,
                                                        const std::string& task);

struct ToBeUndone {
  machine::ToUndo effect;
  InstanceId run;  // the run itself, or a child that it awaits
};
/// What cancelling would undo, children first. Empty also where it is not a cancellation's turn.
/// errors  not_found
boost::asio::awaitable<Result<std::vector<ToBeUndone>>> undone_by_cancelling(
    runtime::Engine& engine, InstanceId id);

struct Foreseen {
  std::optional<Error> refused;
  std::vector<Effect> effects;  // of a rewind: happen again; of a cancellation: are undone
};
struct ForesightPorts {
  runtime::Engine& engine;
  runtime::RunQueries& runs;
  boost::asio::thread_pool& pool;
  Timestamp now = 0;
};
/// The action of the batch on one run, as the run is now.
boost::asio::awaitable<Foreseen> foresee(ForesightPorts ports, runtime::RepairBatch batch,
                                         InstanceId id);

}  // namespace sequent::repair
