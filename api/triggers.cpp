#include "api/triggers.hpp"

#include <algorithm>

#include "api/problem.hpp"
#include "api/request.hpp"
#include "api/routes.hpp"
#include "api/run_json.hpp"
#include "engine/definition/workflow_name.hpp"

namespace sequent::api {
namespace {

using definition::HttpTrigger;

Json headers_of(const net::ServerRequest& request, const std::vector<std::string>& names) {
  Json headers = Json::object();
  for (const auto& name : names)
    if (const auto* value = request.headers.find(name)) headers[name] = *value;
  return headers;
}

// RFC 6265: name=value pairs; the first of several counts.
Json cookies_of(const net::ServerRequest& request, const std::vector<std::string>& names) {
  Json cookies = Json::object();
  const std::string text = request.headers.value("Cookie");
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(';'), rest.size());
    auto pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name{pair.substr(0, equals)};
    const bool wanted = std::find(names.begin(), names.end(), name) != names.end();
    if (wanted && !cookies.contains(name)) cookies[name] = pair.substr(equals + 1);
  }
  return cookies;
}

bool is_wanted(const HttpTrigger& trigger, const std::string& name) {
  return !trigger.query ||
         std::find(trigger.query->begin(), trigger.query->end(), name) != trigger.query->end();
}

Result<Json> body_of(const net::ServerRequest& request, int max_depth) {
  if (request.body.empty()) return Json::object();
  if (media_type(request) != "application/x-www-form-urlencoded")
    return json_body(request, max_depth);
  Json form = Json::object();
  for (const auto& [name, value] : net::parse_query(request.body)) form[name] = value;
  return form;
}

}  // namespace

std::vector<Binding> bindings(const runtime::Engine& engine) {
  std::vector<Binding> bound;
  for (const auto& program : engine.programs()) {
    const auto latest = engine.program(
        definition::WorkflowRef{program->ref.workflow_namespace, program->ref.name, {}});
    const bool is_latest = latest != nullptr && latest->digest == program->digest;
    if (program->http && is_latest) bound.push_back({program, &*program->http, nullptr, true});
    // Runs of older versions wait at their own routes.
    for (const auto& route : program->routes)
      bound.push_back({program, &route.http, &route, is_latest});
  }
  const auto order = [](const Binding& b) {
    const auto& ref = b.program->ref;
    return std::tie(b.http->path, b.http->method, ref.workflow_namespace, ref.name);
  };
  std::stable_sort(bound.begin(), bound.end(), [&](const Binding& a, const Binding& b) {
    if (order(a) != order(b)) return order(a) < order(b);
    return a.latest && !b.latest;
  });
  return bound;
}

BoundRoute find_trigger(const runtime::Engine& engine, std::string_view method,
                        std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  BoundRoute found;  // HEAD fits none: a start is nothing that merely looks
  std::string best;
  for (const auto& binding : bindings(engine)) {
    auto parameters = match_path(binding.http->path, path);
    if (!parameters) continue;
    if (found.allow.find(binding.http->method) == std::string::npos)
      found.allow += (found.allow.empty() ? "" : ", ") + binding.http->method;
    const auto order = specificity(binding.http->path);
    if (binding.http->method != method || (!best.empty() && order >= best)) continue;
    best = order;
    found.binding = binding;
    found.parameters = *std::move(parameters);
  }
  return found;
}

namespace {

Result<void> check_route(const runtime::Engine& engine, const definition::Program& program,
                         const HttpTrigger& wanted, const std::string& pointer) {
  const std::string route = wanted.method + " " + wanted.path;
  Error error{.code = ErrorCode::conflict};
  Finding finding{.pointer = pointer};
  if (is_reserved(wanted.path)) {
    error.detail = "The engine itself answers to " + route + ".";
    finding.hint = "Bind a path outside of /api/v1, /webhooks and the paths of /openapi.json.";
  }
  for (const auto& [other, http, listen, latest] : bindings(engine)) {
    const bool same = other->ref.workflow_namespace == program.ref.workflow_namespace &&
                      other->ref.name == program.ref.name;
    if (same || http->method != wanted.method || !same_shape(http->path, wanted.path)) continue;
    error.detail = route + " is bound by " + full_name(other->ref) + ".";
    finding.hint = "Bind another path, or deploy a version of the other workflow that binds none.";
  }
  if (error.detail.empty()) return {};
  finding.message = error.detail;
  error.findings.push_back(std::move(finding));
  return std::unexpected(std::move(error));
}

}  // namespace

Result<void> check_trigger(const runtime::Engine& engine, const definition::Program& program) {
  if (program.http) {
    auto checked = check_route(engine, program, *program.http, "/document/metadata/http/path");
    if (!checked) return checked;
  }
  for (const auto& route : program.routes) {
    auto checked = check_route(engine, program, route.http,
                               program.node(route.task).pointer + "/metadata/http/path");
    if (!checked) return checked;
  }
  return {};
}

runtime::Engine::DeployCheck trigger_check(const runtime::Engine& engine) {
  return [&engine](const definition::Program& program) { return check_trigger(engine, program); };
}

Result<Json> trigger_input(const net::ServerRequest& request, const HttpTrigger& trigger,
                           const Parameters& parameters, int max_depth) {
  auto body = body_of(request, max_depth);
  if (!body) return std::unexpected(std::move(body.error()));
  Json input = Json::object();
  if (body->is_object()) {
    input = *std::move(body);
  } else {
    input["body"] = *std::move(body);
  }
  Json query = Json::object();
  for (auto& [name, value] : net::parse_query(request.query))
    if (is_wanted(trigger, name) && !query.contains(name))
      query[name] = value;  // the first of several
  input.update(query);
  for (const auto& [name, value] : parameters) input[name] = value;
  if (!trigger.headers.empty()) input["headers"] = headers_of(request, trigger.headers);
  if (!trigger.cookies.empty()) input["cookies"] = cookies_of(request, trigger.cookies);
  return input;
}

Error unknown_workflow(const runtime::Engine& engine, const definition::WorkflowRef& ref) {
  Error error{.code = ErrorCode::not_found};
  const std::string name = workflow_name(ref);
  std::vector<std::string> names;
  std::string versions;
  for (const auto& program : engine.programs()) {
    names.push_back(workflow_name(program->ref));
    if (names.back() == name) versions += (versions.empty() ? "" : ", ") + program->ref.version;
  }
  if (!versions.empty()) {
    error.detail =
        "The workflow " + name + " has no version " + ref.version + "; it has " + versions + ".";
    return error;
  }
  const auto meant = did_you_mean(name, names);
  error.detail = "There is no workflow " + name + ". " +
                 (meant.empty() ? "GET /api/v1/workflows lists them all." : meant);
  return error;
}

}  // namespace sequent::api
