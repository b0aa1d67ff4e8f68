#include "engine/machine/problem.hpp"

#include <array>

#include "base/assert.hpp"

namespace sequent::machine {
namespace {

struct Standard {
  std::string_view name;
  std::string_view type;
  std::string_view title;
  int status;
};

// DSL reference, "Standard Error Types".
constexpr std::array<Standard, 8> standards{{
    {"configuration", "https://serverlessworkflow.io/spec/1.0.0/errors/configuration",
     "Configuration Error", 400},
    {"validation", "https://serverlessworkflow.io/spec/1.0.0/errors/validation", "Validation Error",
     400},
    {"expression", "https://serverlessworkflow.io/spec/1.0.0/errors/expression", "Expression Error",
     400},
    {"authentication", "https://serverlessworkflow.io/spec/1.0.0/errors/authentication",
     "Authentication Error", 401},
    {"authorization", "https://serverlessworkflow.io/spec/1.0.0/errors/authorization",
     "Authorization Error", 403},
    {"timeout", "https://serverlessworkflow.io/spec/1.0.0/errors/timeout", "Timeout", 408},
    {"communication", "https://serverlessworkflow.io/spec/1.0.0/errors/communication",
     "Communication Error", 500},
    {"runtime", "https://serverlessworkflow.io/spec/1.0.0/errors/runtime", "Runtime Error", 500},
}};

const Standard& standard(ErrorKind kind) {
  return standards[static_cast<std::size_t>(kind)];
}

/// "communication" for every spelling of that type; empty for types of the author's own.
std::string_view standard_name(std::string_view type) {
  if (type.find("serverlessworkflow.io") == std::string_view::npos) return {};
  if (type.find("/errors/") == std::string_view::npos) return {};
  const auto last = type.substr(type.rfind('/') + 1);
  for (const auto& known : standards)
    if (known.name == last) return known.name;
  return {};
}

}  // namespace

std::string_view standard_type(ErrorKind kind) {
  return standard(kind).type;
}
int standard_status(ErrorKind kind) {
  return standard(kind).status;
}
std::string_view standard_title(ErrorKind kind) {
  return standard(kind).title;
}

bool same_type(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto name = standard_name(a);
  return !name.empty() && name == standard_name(b);
}

Problem make_problem(ErrorKind kind, std::string detail) {
  return {.type = std::string(standard_type(kind)),
          .status = standard_status(kind),
          .title = std::string(standard_title(kind)),
          .detail = std::move(detail),
          .instance = {},
          .extensions = nullptr};
}

Json to_json(const Problem& problem) {
  Json json = problem.extensions.is_object() ? problem.extensions : Json::object();
  json["type"] = problem.type;
  json["status"] = problem.status;
  if (!problem.title.empty()) json["title"] = problem.title;
  if (!problem.detail.empty()) json["detail"] = problem.detail;
  if (!problem.instance.empty()) json["instance"] = problem.instance;
  return json;
}

Problem problem_from_json(const Json& json) {
  Problem problem;
  if (!json.is_object()) return make_problem(ErrorKind::runtime, dump_json(json));
  Json rest = json;
  problem.type = text_of(json, "type", standard_type(ErrorKind::runtime));
  if (const auto status = json.find("status"); status != json.end() && status->is_number())
    problem.status = status->get<int>();
  problem.title = text_of(json, "title");
  problem.detail = text_of(json, "detail");
  problem.instance = text_of(json, "instance");
  for (const auto* member : {"type", "status", "title", "detail", "instance"}) rest.erase(member);
  if (!rest.empty()) problem.extensions = std::move(rest);
  return problem;
}

}  // namespace sequent::machine
