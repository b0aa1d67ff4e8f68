#pragma once
#include <boost/asio/awaitable.hpp>
#include <string>

#include "engine/runtime/engine.hpp"

namespace sequent::cli {

/// Deploys every workflow file below `folder`; those that are deployed already are left alone.
/// errors  invalid_definition or conflict, with the findings of all files
boost::asio::awaitable<Result<void>> load_workflows(runtime::Engine& engine,
                                                    const runtime::ActivityRegistry& activities,
                                                    std::string folder);

}  // namespace sequent::cli
