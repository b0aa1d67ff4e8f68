// Tasks without tasks inside: set, raise, wait, emit, run.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

void check_event_attributes(Compiler& compiler, const Value& with) {
  for (const auto& [name, attribute] : with.json->items()) {
    const Value value = with.member(name);
    if (name == "data") continue;
    if (name == "source" || name == "dataschema") {
      const bool text = attribute.is_string() && !attribute.get_ref<const std::string&>().empty();
      if (!text) compiler.report.mistyped(value, "a URI (text)");
    } else if (name == "time") {
      const bool good = is_expression(compiler, attribute) ||
                        (attribute.is_string() && parse_time(attribute.get<std::string>()));
      if (!good)
        compiler.report.mistyped(value, "a time such as 2026-11-21T08:15:30Z, or an expression");
    } else if (!attribute.is_primitive() || attribute.is_null() || attribute.is_number_float()) {
      compiler.report.mistyped(value, "an event attribute (text, a whole number, true or false)");
    }
    const bool spelt = std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    if (!spelt || name.empty()) {
      compiler.report.at_key(value.pointer,
                             "expected an event attribute's name of letters and "
                             "digits, got `" +
                                 name + "`",
                             "CloudEvents allows no other characters; put data into `data`");
    }
  }
}

RunWorkflowTask read_run_workflow(Compiler& compiler, const Value& value, const Site& site) {
  RunWorkflowTask out;
  Fields fields{compiler.report, value, "a workflow to run"};
  if (const auto given = fields.require("namespace", "the namespace of the workflow"))
    out.workflow.workflow_namespace =
        read_text(compiler.report, *given, "a namespace").value_or("");
  if (const auto given = fields.require("name", "the name of the workflow"))
    out.workflow.name = read_text(compiler.report, *given, "a name").value_or("");
  out.workflow.version = "latest";
  if (const auto given = fields.get("version")) {
    const auto version = read_text(compiler.report, *given, "a version");
    if (version && *version != "latest" && !is_semantic_version(*version)) {
      compiler.report.mistyped(*given, "a semantic version or latest", "write 1.0.0");
    }
    if (version) out.workflow.version = *version;
  }
  for (const std::string_view name : {"namespace", "name"}) {
    if (!value.json->is_object() || !value.json->contains(name)) continue;
    const Value part = value.member(name);
    if (part.json->is_string() && !is_host_label(part.json->get_ref<const std::string&>()))
      compiler.report.mistyped(part, "letters, digits and hyphens, at most 63");
  }
  if (const auto input = fields.get("input")) {
    if (!input->json->is_object() && !is_expression(compiler, *input->json)) {
      compiler.report.mistyped(*input, "an object or an expression");
    } else {
      out.input = read_template(compiler, *input, site.variables);
    }
  } else {
    out.input = constant_template(Json::object());
  }
  fields.finish();
  return out;
}

}  // namespace

SetTask read_set(Compiler& compiler, Fields& fields, const Site& site) {
  const Value value = *fields.get("set");
  const Json& json = *value.json;
  if (json.is_object() && json.empty()) {
    compiler.report.mistyped(value, "at least one member to set");
  } else if (!json.is_object() && !is_expression(compiler, json)) {
    compiler.report.mistyped(value, "an object or an expression", "write ${ … }");
  }
  return {.value = read_template(compiler, value, site.variables)};
}

RaiseTask read_raise(Compiler& compiler, Fields& fields, const Site& site) {
  RaiseTask out;
  Fields raise{compiler.report, *fields.get("raise"), "a raise"};
  if (const auto error = raise.require("error", "an error or the name of one"))
    out.error.problem = read_problem(compiler, *error, site.variables);
  raise.finish();
  return out;
}

WaitTask read_wait(Compiler& compiler, Fields& fields, const Site& site) {
  const auto duration = read_duration(compiler, *fields.get("wait"), "a duration", site.variables);
  return {.duration = duration.value_or(Duration{})};
}

EmitTask read_emit(Compiler& compiler, Fields& fields, const Site& site) {
  EmitTask out;
  Fields emit{compiler.report, *fields.get("emit"), "an emit"};
  if (const auto event = emit.require("event", "the event to send")) {
    Fields inner{compiler.report, *event, "an event"};
    if (const auto with = inner.require("with", "the attributes of the event")) {
      Fields attributes{compiler.report, *with, "an event"};
      (void)attributes.require("source", "a URI that says where the event comes from");
      (void)attributes.require("type", "the type of the event");
      if (attributes.usable()) {
        check_event_attributes(compiler, *with);
        out.event = read_template(compiler, *with, site.variables);
      }
    }
    inner.finish();
  }
  emit.finish();
  return out;
}

TaskBody read_run(Compiler& compiler, Fields& fields, const Site& site) {
  const Value value = *fields.get("run");
  Fields run{compiler.report, value, "a run"};
  bool awaited = true;
  if (const auto flag = run.get("await"))
    awaited = read_flag(compiler.report, *flag, "`await`").value_or(true);
  const auto returned = run.get("return");
  if (returned) {
    (void)read_choice(compiler.report, *returned, "`return`",
                      {"stdout", "stderr", "code", "all", "none"});
  }
  bool refused = false;
  for (const std::string_view kind : {"container", "script", "shell"}) {
    const auto process = run.get(kind);
    if (!process) continue;
    refused = true;
    compiler.refuse(*process, "`run: " + std::string{kind} + "`");
  }
  const auto workflow = run.get("workflow");
  run.finish();
  RunWorkflowTask out;
  if (workflow) {
    out = read_run_workflow(compiler, *workflow, site);
    if (returned) {
      compiler.report.at_key(returned->pointer, "`return` has no meaning for `run: workflow`",
                             "remove it: the output of the workflow is the output of the task");
    }
  } else if (!refused && run.usable()) {
    compiler.report.at_key(value.pointer,
                           "a run needs `workflow`: expected what to run, got nothing",
                           "add `workflow`");
  }
  out.await = awaited;
  return out;
}

}  // namespace sequent::definition
