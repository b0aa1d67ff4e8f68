#pragma once
#include "base/json.hpp"
#include "engine/runtime/engine.hpp"

namespace sequent::api {

/// What became of an event: {id, duplicate, held, runs, started}; `id` is of the inbox.
[[nodiscard]] Json delivery_json(const runtime::Delivered& delivered);

}  // namespace sequent::api
