#include "api/api.hpp"

#include <spdlog/spdlog.h>

#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/routes.hpp"
#include "api/triggers.hpp"

namespace sequent::api {
namespace {

using runtime::Health;

Result<Principal> principal_of(const Context& context, const net::ServerRequest& request) {
  if (context.config.authenticate) return context.config.authenticate(request);
  return Principal{};
}

Result<void> check_engine(const Context& context) {
  const Health health = context.ports.engine.health();
  if (health == Health::ready || health == Health::degraded) return {};
  Error error{.code = ErrorCode::unavailable,
              .detail = health == Health::starting ? "The node is starting: its runs are being "
                                                     "recovered. Try again in a moment."
                                                   : "The node is stopping: try another, or later.",
              .retry_after_seconds = health == Health::starting ? 1 : 5};
  return std::unexpected(std::move(error));
}

bool allows_parameter(const Route& route, std::string_view name) {
  for (const auto& parameter : route.query) {
    if (parameter.name == name) return true;
    const auto stem = parameter.name.substr(0, parameter.name.size() - 1);
    if (parameter.name.ends_with('*') && name.starts_with(stem) && name.size() > stem.size())
      return true;
  }
  return false;
}

Result<void> check_query(const Route& route, const net::ServerRequest& request) {
  Faults faults;
  std::vector<std::string> known;
  for (const auto& parameter : route.query) known.emplace_back(parameter.name);
  std::vector<std::string> seen;
  for (const auto& [name, value] : net::parse_query(request.query)) {
    if (!allows_parameter(route, name)) {
      faults.add("", "unknown query parameter `" + name + "`", did_you_mean(name, known));
      continue;
    }
    const bool many =
        std::any_of(route.query.begin(), route.query.end(),
                    [&name](const auto& each) { return each.name == name && each.many; });
    if (!many && std::find(seen.begin(), seen.end(), name) != seen.end())
      faults.add("", "the query parameter `" + name + "` came twice");
    seen.push_back(name);
  }
  if (faults.empty()) return {};
  return std::unexpected(faults.error("The query"));
}

Result<void> check_accept(const Route& route, const net::ServerRequest& request) {
  std::string_view rest = route.produces;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(", "), rest.size());
    if (accepts(request, rest.substr(0, end))) return {};
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return fail(ErrorCode::not_acceptable, "This route answers in " + std::string(route.produces) +
                                             "; Accept is `" + request.headers.value("Accept") +
                                             "`.");
}

/// Everything that the table alone decides. Fills in the principal.
Result<void> check(const Context& context, const Route& route, Call& call) {
  if (route.needs_engine)
    if (auto ready = check_engine(context); !ready) return ready;
  if (route.role != Role::none) {
    auto principal = principal_of(context, call.request);
    if (!principal) return std::unexpected(std::move(principal.error()));
    call.principal = *std::move(principal);
    if (!may(call.principal.role, route.role))
      return fail(ErrorCode::forbidden, std::string(route.operation) + " needs the role " +
                                            std::string(name_of(route.role)) + "; " +
                                            call.principal.name + " has " +
                                            std::string(name_of(call.principal.role)) + ".");
  }
  if (auto query = check_query(route, call.request); !query) return query;
  return check_accept(route, call.request);
}

bool is_operators(const Route& route) {
  return route.role == Role::operator_ || route.role == Role::admin;
}

asio::awaitable<Answer> answer_route(Context& context, const Found& found, Call& call) {
  const Route& route = *found.route;
  call.parameters = found.parameters;
  const auto allowed = check(context, route, call);
  if (allowed) {
    Answer answer = co_await route.handler(context, call);
    co_return answer;
  }
  const bool refused = allowed.error().code == ErrorCode::forbidden ||
                       allowed.error().code == ErrorCode::unauthenticated;
  if (refused && is_operators(route)) {
    AuditNote note;
    note.action = route.operation;
    note.target = call.request.path;
    note.outcome = outcome_of(allowed);
    co_await audit(context, call, note);
  }
  Answer answer = problem(context, allowed.error());
  if (allowed.error().code == ErrorCode::unauthenticated)
    answer.response.headers.set("WWW-Authenticate", "Bearer");
  co_return answer;
}

struct Routed {
  Answer answer;
  std::size_t counter;
};

asio::awaitable<Routed> route_request(Context& context, const net::ServerRequest& request) {
  Routed out;
  out.counter = routes().size() + 1;
  Call call{request, {}, {}};
  std::string allow;
  const auto found = find_route(request.method, request.path, allow);
  if (found && found->route != nullptr) {
    out.counter = static_cast<std::size_t>(found->route - routes().data());
    out.answer = co_await answer_route(context, *found, call);
    co_return out;
  }
  if (found) {  // OPTIONS
    out.answer.response.status = 204;
    out.answer.response.headers.set("Allow", allow);
    co_return out;
  }
  if (found.error().code == ErrorCode::not_found && !is_reserved(request.path)) {
    const auto bound = find_trigger(context.ports.engine, request.method, request.path);
    if (bound.binding.program != nullptr) {
      out.counter = routes().size();
      out.answer = co_await answer_trigger(context, call, bound);
      co_return out;
    }
    if (!bound.allow.empty()) {
      const Error error{
          .code = ErrorCode::method_not_allowed,
          .detail = request.path + " takes " + bound.allow + ", not " + request.method + "."};
      out.answer = problem(context, error);
      out.answer.response.headers.set("Allow", bound.allow);
      co_return out;
    }
  }
  out.answer = problem(context, found.error());
  if (!allow.empty()) out.answer.response.headers.set("Allow", allow);
  co_return out;
}

void count(Context& context, const Routed& routed, std::chrono::steady_clock::time_point begun) {
  auto& counters = context.counters.at(routed.counter);
  const int status = routed.answer.response.status;
  counters.answers.at(static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)).fetch_add(1);
  const auto spent = std::chrono::steady_clock::now() - begun;
  counters.microseconds.fetch_add(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(spent).count()));
}

// The store is broken: not the request's fault and not ours, so no 500.
Routed store_failed(const Context& context, const std::string& path,
                    const runtime::StoreFailure& failure) {
  spdlog::error("{}: the store failed: {}", path, failure.what());
  Routed out;
  out.counter = routes().size() + 1;
  const Error error{.code = ErrorCode::unavailable,
                    .detail = failure.full ? "The store has no room left on its disk."
                                           : "The store cannot do its work at the moment.",
                    .retry_after_seconds = 5};
  out.answer = problem(context, error);
  return out;
}

// What is not there may be a workflow that another node deployed a moment ago, or a run of it.
asio::awaitable<Routed> route_as_the_cluster_knows(Context& context,
                                                   const net::ServerRequest& request) {
  const auto known = context.ports.engine.catalogue();
  Routed routed = co_await route_request(context, request);
  if (routed.answer.response.status != 404) co_return routed;
  auto catching_up = context.ports.engine.catch_up(known);
  const auto more = co_await std::move(catching_up);
  if (more && *more) routed = co_await route_request(context, request);
  co_return routed;
}

asio::awaitable<Answer> dispatch(ContextPtr context, const net::ServerRequest& request) {
  const auto begun = std::chrono::steady_clock::now();
  Routed routed;
  try {
    routed = co_await route_as_the_cluster_knows(*context, request);
  } catch (const runtime::StoreFailure& failure) {
    routed = store_failed(*context, request.path, failure);
  }
  count(*context, routed, begun);
  co_return std::move(routed.answer);
}

}  // namespace

Api::Api(ApiConfig config, ApiPorts ports)
    : context_(std::make_shared<Context>(std::move(config), ports)) {}
Api::~Api() = default;

net::Handler Api::handler() {
  return [context = context_](const net::ServerRequest& request) {
    return dispatch(context, request);
  };
}

net::ErrorBody Api::error_body() {
  return [context = context_](int status, std::string detail) {
    return problem_response(status, std::move(detail), context->config.documentation_base);
  };
}

}  // namespace sequent::api
