#pragma once
// Routes that workflows bind by `document.metadata.http`.
#include "api/context.hpp"

namespace sequent::api {

struct BoundRoute {
  definition::ProgramPtr program;  // null = no workflow binds method and path
  Parameters parameters;
  std::string allow;  // methods that workflows bind for the path
};

/// The highest version of each workflow counts. Of several that fit, the most specific path wins,
/// then namespace and name in order.
[[nodiscard]] BoundRoute find_trigger(const runtime::Engine& engine, std::string_view method,
                                      std::string_view path);

/// Every bound route, in order of path and method.
[[nodiscard]] std::vector<definition::ProgramPtr> bound_programs(const runtime::Engine& engine);

/// errors  conflict: the route is the engine's own, or another workflow binds it
[[nodiscard]] Result<void> check_trigger(const runtime::Engine& engine,
                                         const definition::Program& program);
/// The same for Engine::deploy. `engine` outlives it.
[[nodiscard]] runtime::Engine::DeployCheck trigger_check(const runtime::Engine& engine);

/// Starts the workflow and answers with what its `respond` task says.
asio::awaitable<Answer> answer_trigger(Context& context, Call& call, const BoundRoute& bound);

/// The input of a bound route: path parameters win over query parameters, both over the body's
/// members. Forwarded headers lie under `headers`, a body that is no object under `body`.
/// errors  invalid_json, unsupported_media_type
[[nodiscard]] Result<Json> trigger_input(const net::ServerRequest& request,
                                         const definition::HttpTrigger& trigger,
                                         const Parameters& parameters, int max_depth);

/// not_found, with the nearest name or the versions that there are.
[[nodiscard]] Error unknown_workflow(const runtime::Engine& engine,
                                     const definition::WorkflowRef& ref);

}  // namespace sequent::api
