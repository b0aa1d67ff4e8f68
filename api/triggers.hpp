#pragma once
// Routes that workflows bind by `document.metadata.http`.
#include "api/context.hpp"

namespace sequent::api {

/// A route that a workflow binds.
struct Binding {
  definition::ProgramPtr program;                   // null = none
  const definition::HttpTrigger* http = nullptr;    // of `program`, here and below
  const definition::ListenRoute* listen = nullptr;  // null = the route starts a run
  bool latest = true;                               // of its workflow's versions
};

struct BoundRoute {
  Binding binding;  // without a program: no workflow binds method and path
  Parameters parameters;
  std::string allow;  // methods that workflows bind for the path
};

/// The highest version of each workflow starts runs; every version's listening tasks have their
/// routes. Of several that fit, the most specific path wins, then namespace and name in order, then
/// the highest version.
[[nodiscard]] BoundRoute find_trigger(const runtime::Engine& engine, std::string_view method,
                                      std::string_view path);

/// Every bound route, in order of path and method.
[[nodiscard]] std::vector<Binding> bindings(const runtime::Engine& engine);

/// errors  conflict: the route is the engine's own, or another workflow binds it
[[nodiscard]] Result<void> check_trigger(const runtime::Engine& engine,
                                         const definition::Program& program);
/// The same for Engine::deploy. `engine` outlives it.
[[nodiscard]] runtime::Engine::DeployCheck trigger_check(const runtime::Engine& engine);

/// Starts the workflow, or hands the request to the run that listens for it, and answers with what
/// the next task says that responds.
asio::awaitable<Answer> answer_trigger(Context& context, Call& call, const BoundRoute& bound);

/// The input of a bound route: path parameters win over query parameters, both over the body's
/// members. Forwarded headers lie under `headers`, cookies under `cookies`, a body that is no object
/// under `body`.
/// errors  invalid_json, unsupported_media_type
[[nodiscard]] Result<Json> trigger_input(const net::ServerRequest& request,
                                         const definition::HttpTrigger& trigger,
                                         const Parameters& parameters, int max_depth);

/// not_found, with the nearest name or the versions that there are.
[[nodiscard]] Error unknown_workflow(const runtime::Engine& engine,
                                     const definition::WorkflowRef& ref);

}  // namespace sequent::api
