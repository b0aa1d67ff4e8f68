#include "api/openapi.hpp"

#include "api/resources.hpp"
#include "api/routes.hpp"
#include "api/triggers.hpp"
#include "engine/definition/workflow_name.hpp"

namespace sequent::api {
namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

Json reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

Json problem_answer() {
  Json answer{{"description", "A problem (RFC 9457); its `type` leads to its documentation"}};
  answer["content"]["application/problem+json"]["schema"] = reference("Problem");
  return answer;
}

Json path_parameters(std::string_view pattern) {
  Json parameters = Json::array();
  for (const auto& name : parameter_names(pattern)) {
    Json parameter{{"name", name}, {"in", "path"}, {"required", true}};
    parameter["schema"]["type"] = "string";
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

Json header(const char* name, const char* description) {
  Json parameter{{"name", name}, {"in", "header"}, {"description", description}};
  parameter["schema"]["type"] = "string";
  return parameter;
}

Json parameters_of(const Route& route) {
  Json parameters = path_parameters(route.pattern);
  for (const auto& each : route.query) {
    Json parameter{{"in", "query"}, {"description", each.description}};
    if (each.name.ends_with('*')) {
      // attribute.region=eu, attribute.plan=gold: one object parameter, spelled as a form.
      parameter["name"] = "attributes";
      parameter["description"] =
          "As `" + std::string(each.name) + "`. " + std::string(each.description);
      parameter["schema"] = {{"type", "object"}, {"propertyNames", {{"pattern", "^attribute\\."}}}};
      parameter["style"] = "form";
      parameter["explode"] = true;
    } else {
      parameter["name"] = each.name;
      parameter["schema"]["type"] = each.type;
    }
    if (each.many) parameter["schema"] = {{"type", "array"}, {"items", {{"type", each.type}}}};
    parameters.push_back(std::move(parameter));
  }
  if (route.operation == "startRun") {
    parameters.push_back(header("Idempotency-Key", "The same key and payload give the first run"));
    parameters.push_back(header("Prefer", "wait=N, return=representation"));
  }
  if (route.operation == "watchRun")
    parameters.push_back(header("Last-Event-ID", "`seq` of the last event that was read"));
  if (route.operation == "receiveStripe")
    parameters.push_back(header("Stripe-Signature", "t=…,v1=…"));
  return parameters;
}

Json request_body(const Route& route) {
  Json body{{"required", route.operation != "startRun"}};
  const Json schema{{"schema", reference(route.request_schema)}};
  switch (route.takes) {
    case Takes::nothing:
      break;
    case Takes::definition:
      body["content"]["application/yaml"] = schema;
      body["content"]["application/json"] = schema;
      break;
    case Takes::cloud_events:
      body["content"]["application/cloudevents+json"] = schema;
      body["content"]["application/cloudevents-batch+json"]["schema"] = {
          {"type", "array"}, {"items", reference(route.request_schema)}};
      body["content"]["*/*"]["schema"] = {
          {"description", "Binary mode: attributes in ce-* headers, the body is the data"}};
      break;
    case Takes::json:
    case Takes::raw:
      body["content"]["application/json"] = schema;
      break;
  }
  return body;
}

Json success(const Route& route) {
  Json answer{{"description", route.summary}};
  std::string_view rest = route.produces;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(", "), rest.size());
    Json content = Json::object();
    const std::string type{rest.substr(0, end)};
    if (type == "application/json" && !route.response_schema.empty())
      content["schema"] = reference(route.response_schema);
    answer["content"][type] = std::move(content);
    rest.remove_prefix(std::min(end + 2, rest.size()));
  }
  return answer;
}

Json operation_of(const Route& route) {
  Json operation{{"operationId", route.operation}, {"summary", route.summary}};
  operation["tags"].push_back(route.tag);
  if (const Json parameters = parameters_of(route); !parameters.empty())
    operation["parameters"] = parameters;
  if (route.takes != Takes::nothing) operation["requestBody"] = request_body(route);
  operation["responses"][std::to_string(route.success)] = success(route);
  if (route.operation == "startRun" || route.operation == "deployWorkflow")
    operation["responses"]["200"] = success(route);  // replayed, finished, or there already
  if (route.operation == "showResult") operation["responses"]["202"] = success(route);
  operation["responses"]["default"] = problem_answer();
  if (route.role != Role::none) operation["x-sequent-role"] = name_of(route.role);
  return operation;
}

Json parameter_in(const char* place, const std::string& name) {
  Json parameter{{"name", name}, {"in", place}, {"description", "Becomes a part of the input"}};
  parameter["schema"]["type"] = "string";
  return parameter;
}

void add_parameters(Json& operation, const definition::HttpTrigger& http) {
  if (Json parameters = path_parameters(http.path); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  for (const auto& name : http.headers)
    operation["parameters"].push_back(parameter_in("header", name));
  for (const auto& name : http.cookies)
    operation["parameters"].push_back(parameter_in("cookie", name));
  if (!http.query) return;
  for (const auto& name : *http.query)
    operation["parameters"].push_back(parameter_in("query", name));
}

// The workflow's own schemas are the contract of its route; a listening task says none.
Json operation_of(const Binding& binding) {
  const auto& program = *binding.program;
  const auto& ref = program.ref;
  const auto task = binding.listen == nullptr ? definition::no_node : binding.listen->task;
  Json operation = Json::object();
  operation["operationId"] = ref.workflow_namespace + "." + ref.name;
  operation["summary"] = program.title.empty() ? ref.name : program.title;
  if (!program.summary.empty()) operation["description"] = program.summary;
  operation["tags"].push_back("workflows of " + ref.workflow_namespace);
  add_parameters(operation, *binding.http);
  const Json::json_pointer schema_place{"/input/schema/document"};
  Json schema = Json::object();
  if (task != definition::no_node) {
    operation["operationId"] =
        ref.workflow_namespace + "." + ref.name + "." + program.node(task).name;
    operation["summary"] = operation["summary"].get<std::string>() + ": " + program.node(task).name;
    operation["description"] = "Goes to the run that waits for it; what it says next answers.";
  } else if (program.document.contains(schema_place)) {
    schema = program.document.at(schema_place);
  }
  if (binding.http->method != "GET") {
    operation["requestBody"]["content"]["application/json"]["schema"] = schema;
    operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"] =
        std::move(schema);
  }
  Json done{{"description", "What the workflow answers"}};
  done["content"]["application/json"] = Json::object();
  operation["responses"]["200"] = std::move(done);
  Json later{{"description", "The run goes on; `Location` names it"}};
  later["content"]["application/json"]["schema"] = reference("Pending");
  operation["responses"]["202"] = std::move(later);
  operation["responses"]["default"] = problem_answer();
  operation["x-sequent-workflow"] = full_name(ref);
  return operation;
}

}  // namespace

Json openapi_document(const std::vector<Binding>& bound) {
  Json document{{"openapi", "3.1.0"}};
  document["info"] = {{"title", "Sequent"},
                      {"version", "1"},
                      {"description", "Durable state machines for documented billing sequences"}};
  for (const Route& route : routes())
    document["paths"][std::string(route.pattern)][lower(route.method)] = operation_of(route);
  for (const auto& binding : bound)
    if (binding.latest)
      document["paths"][binding.http->path][lower(binding.http->method)] = operation_of(binding);
  document["components"]["schemas"] = openapi_schemas();
  return document;
}

asio::awaitable<Answer> show_openapi(Context& context, const Call&) {
  co_return json_answer(200, openapi_document(bindings(context.ports.engine)));
}

}  // namespace sequent::api
