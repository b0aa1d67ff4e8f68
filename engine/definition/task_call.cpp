// `call`: activities of the catalog, functions of `use`, and what is refused by name.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

/// "name", "name:version" or "name:version@catalog"
struct FunctionName {
  std::string name, version, catalog;
};

FunctionName split(const std::string& text) {
  FunctionName out;
  const std::size_t at = text.rfind('@');
  if (at != std::string::npos) out.catalog = text.substr(at + 1);
  const std::string rest = text.substr(0, at);
  const std::size_t colon = rest.rfind(':');
  out.name = rest.substr(0, colon);
  if (colon != std::string::npos) out.version = rest.substr(colon + 1);
  return out;
}

bool is_later_protocol(std::string_view name) {
  for (const std::string_view later : {"asyncapi", "grpc", "openapi", "a2a", "mcp"})
    if (name == later) return true;
  return false;
}

void report_unknown(Compiler& compiler, const Value& call, const FunctionName& wanted) {
  std::vector<std::string> names = member_names(compiler.reusable("functions"));
  std::string elsewhere = "define it in use.functions, or check its name";
  if (compiler.options.catalog) {
    const auto known = compiler.options.catalog->names();
    if (!wanted.version.empty() && compiler.options.catalog->find(wanted.name, "")) {
      const std::string& newest = compiler.options.catalog->find(wanted.name, "")->version;
      compiler.report.at_value(
          call.pointer,
          "the function `" + wanted.name + "` has no version `" + wanted.version + "`",
          "its newest version is " + newest);
      return;
    }
    names.insert(names.end(), known.begin(), known.end());
  }
  compiler.report.at_value(
      call.pointer,
      "expected a function of use.functions or of the catalog, got `" + wanted.name + "`",
      suggestion(wanted.name, names, elsewhere));
}

// A function runs as a task of its own under its call, with the arguments as its input.
FunctionTask read_function(Compiler& compiler, const Value& call, const std::string& name,
                           const std::optional<Value>& with, const Site& site) {
  FunctionTask out{.function = name};
  if (with) {
    out.arguments = read_template(compiler, *with, site.variables);
  } else {
    // Without `with` the function sees what the task sees.
    const ExpressionId whole = compiler.expressions.add(".", call.pointer, 0, site.variables);
    out.arguments = expression_template(whole);
  }
  if (!compiler.follow_calls || compiler.too_many_tasks) return out;
  auto& stack = compiler.function_stack;
  if (std::find(stack.begin(), stack.end(), name) != stack.end()) {
    std::string way;
    for (const std::string& each : stack) way += each + " → ";
    compiler.report.at_value(call.pointer, "functions can't call themselves: " + way + name,
                             "use a `for` loop, or run a workflow of its own");
    return out;
  }
  const Value all{.json = &compiler.reusable("functions"), .pointer = "/use/functions"};
  const Value definition = all.member(name);
  compiler.expanded_bytes += dump_json(*definition.json).size();
  if (compiler.expanded_bytes > Compiler::most_expanded_bytes) {
    compiler.report.at_value(call.pointer,
                             "the functions of the workflow are larger than " +
                                 std::to_string(Compiler::most_expanded_bytes) +
                                 " bytes, each counted at each of its calls",
                             "run a workflow of its own instead");
    compiler.too_many_tasks = true;
    return out;
  }
  stack.push_back(name);
  const std::size_t first_pending = compiler.pending.size();
  // The variables around the call are not the function's: it knows its input only.
  const Variables none = std::make_shared<const std::vector<std::string>>();
  out.task = read_task(compiler, definition, name, site.pointer, site.index, none);
  link_tasks(compiler, {}, first_pending);
  stack.pop_back();
  return out;
}

CallTask read_activity(Compiler& compiler, const Value& call, const ActivitySpec& activity,
                       const std::optional<Value>& with, const Site& site) {
  CallTask out{.activity = activity};
  if (!with) {
    out.arguments = constant_template(Json::object());
  } else if (activity.name == "http") {
    out.arguments = read_http_arguments(compiler, *with, site.variables);
  } else {
    out.arguments = read_template(compiler, *with, site.variables);
  }
  // What could not be read of an HTTP call is reported already, and missing here.
  const Json& read = out.arguments.skeleton;
  if (activity.name != "http" || (read.contains("method") && read.contains("endpoint")))
    check_arguments(compiler, out.arguments, activity, call, with ? with->pointer : call.pointer);
  return out;
}

}  // namespace

TaskBody read_call(Compiler& compiler, Fields& fields, const Site& site) {
  const Value call = *fields.get("call");
  const auto with = fields.get("with");
  const auto text = read_text(compiler.report, call, "the name of a function");
  if (!text) return CallTask{};
  if (is_later_protocol(*text)) {
    compiler.refuse(call, "`call: " + *text + "`");
    return CallTask{};
  }
  if (with && !is_object(compiler.report, *with, "the arguments of a call")) return CallTask{};
  if (*text == "http" && !with) {
    compiler.report.at_key(call.pointer,
                           "`call: http` needs `with`: expected method and endpoint, "
                           "got nothing",
                           "add `with`");
    return CallTask{};
  }
  // Names of use.functions may hold any character, so they are looked up whole first.
  if (*text != "http" && compiler.reusable("functions").contains(*text))
    return read_function(compiler, call, *text, with, site);
  if (text->find("://") != std::string::npos) {
    compiler.refuse(call, "a function by its URL");
    return CallTask{};
  }
  const FunctionName wanted = split(*text);
  if (!wanted.catalog.empty() && wanted.catalog != "default") {
    compiler.refuse(call, "the remote catalog `" + wanted.catalog + "`");
    return CallTask{};
  }
  const ActivitySpec* activity = compiler.options.catalog
                                     ? compiler.options.catalog->find(wanted.name, wanted.version)
                                     : nullptr;
  if (activity) {
    CallTask task = read_activity(compiler, call, *activity, with, site);
    if (activity->emits) return EmitTask{.event = std::move(task.arguments)};
    return task;
  }
  report_unknown(compiler, call, wanted);
  return CallTask{};
}

}  // namespace sequent::definition
