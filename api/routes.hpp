#pragma once
// One table: what the API answers to, who may ask, and what /openapi.json says about it.
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/context.hpp"

namespace sequent::api {

struct QueryParameter {
  std::string_view name;  // a trailing '*' stands for any further letters ("attribute.*")
  std::string_view type;  // of JSON Schema
  std::string_view description;
  bool many = false;  // may be repeated
};

/// What a route does with its body, and so which Content-Type it reads.
enum class Takes : std::uint8_t { nothing, json, definition, cloud_events, raw };

using HandlerFunction = asio::awaitable<Answer> (*)(Context&, const Call&);

struct Route {
  std::string_view method, pattern, operation, summary, tag;
  Role role;
  HandlerFunction handler;
  std::span<const QueryParameter> query = {};
  Takes takes = Takes::nothing;
  std::string_view request_schema = {};  // names of api/openapi_schemas.cpp
  std::string_view response_schema = {};
  std::string_view produces = "application/json";  // several: separated by ", "
  int success = 200;
  bool needs_engine = true;  // false: answers while the node starts and stops, too
};

[[nodiscard]] std::span<const Route> routes();

struct Found {
  const Route* route = nullptr;
  Parameters parameters;
};
/// errors  not_found with the nearest path, method_not_allowed; `allow` then holds the methods
[[nodiscard]] Result<Found> find_route(std::string_view method, std::string_view path,
                                       std::string& allow);
/// True when the engine itself answers to paths of this shape or below these folders.
[[nodiscard]] bool is_reserved(std::string_view pattern);

}  // namespace sequent::api
