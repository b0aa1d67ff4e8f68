// `document.metadata`: the parts that this engine gives a meaning. Other members are free.
#include "engine/definition/compiler.hpp"
#include "engine/definition/lint/rules.hpp"

namespace sequent::definition {
namespace {

// Expressions over the raw input, before any task runs.
Variables no_variables() {
  return std::make_shared<const std::vector<std::string>>();
}

bool is_path_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

void read_names(Compiler& compiler, const Value& value, std::string_view what,
                std::vector<std::string>& out) {
  if (!is_list(compiler.report, value, what)) return;
  for (std::size_t i = 0; i < value.json->size(); ++i) {
    const auto text = read_text(compiler.report, value.item(i), "one of the " + std::string{what});
    if (!text) continue;
    if (text->empty()) compiler.report.mistyped(value.item(i), "text that is not empty");
    if (std::find(out.begin(), out.end(), *text) != out.end()) {
      compiler.report.at_value(value.item(i).pointer, "`" + *text + "` is in the list already",
                               "remove one of the two");
    }
    out.push_back(*text);
  }
}

// How long ended runs are kept; whoever deletes them reads it from the document.
void check_retention(Compiler& compiler, const Value& value) {
  const auto text = read_text(compiler.report, value, "how long ended runs are kept");
  if (!text) return;
  const auto kept = parse_duration(*text);
  if (!kept || *kept <= 0)
    compiler.report.mistyped(value, "an ISO 8601 duration above zero, such as P30D");
}

std::vector<std::string> task_names(const Program& program) {
  std::vector<std::string> names;
  for (const Node& node : program.nodes)
    if (!node.name.empty()) names.push_back(node.name);
  return names;
}

// "namespace/name" or "namespace/name:version"
std::optional<WorkflowRef> workflow_named(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  const auto colon = std::min(text.find(':', slash), text.size());
  WorkflowRef out{.workflow_namespace = std::string{text.substr(0, slash)},
                  .name = std::string{text.substr(slash + 1, colon - slash - 1)},
                  .version = colon == text.size() ? "latest" : std::string{text.substr(colon + 1)}};
  const bool version = out.version == "latest" || is_semantic_version(out.version);
  const bool spelt = is_host_label(out.workflow_namespace) && is_host_label(out.name);
  return spelt && version ? std::optional{out} : std::nullopt;
}

// The task itself, or one that holds it.
bool holds(const Program& program, NodeIndex outer, NodeIndex inner) {
  for (; inner != no_node; inner = program.node(inner).parent)
    if (inner == outer) return true;
  return false;
}

void link_compensation(Compiler& compiler, NodeIndex index) {
  Node& node = compiler.program.nodes[index];
  const auto& wanted = node.metadata.at("compensate").get_ref<const std::string&>();
  const std::string where = node.place + "/metadata/compensate";
  if (auto workflow = workflow_named(wanted)) {
    node.compensation = Compensation{.task = no_node, .workflow = *std::move(workflow)};
    return;
  }
  const NodeIndex target = compiler.program.find(wanted);
  if (target == no_node || target == 0) {
    const auto names = task_names(compiler.program);
    const auto same = std::count(names.begin(), names.end(), wanted);
    if (same > 1) {
      compiler.report.at_value(
          where,
          "expected one task, got the name of " + std::to_string(same) + " tasks: `" + wanted + "`",
          "name it by its JSON Pointer, such as /do/0/" + wanted);
      return;
    }
    compiler.report.at_value(where,
                             "expected the task or the workflow (NAMESPACE/NAME) that undoes `" +
                                 node.name + "`, got `" + wanted + "`",
                             suggestion(wanted, names));
  } else if (holds(compiler.program, target, index)) {
    compiler.report.at_value(where, "the task `" + node.name + "` can't undo itself",
                             "name the task or the workflow that undoes it");
  } else {
    node.compensation = Compensation{.task = target, .workflow = {}};
  }
}

void link_compensations(Compiler& compiler) {
  for (NodeIndex index = 0; index < compiler.program.nodes.size(); ++index) {
    const Json& metadata = compiler.program.nodes[index].metadata;
    if (!metadata.is_object() || !metadata.contains("compensate")) continue;
    if (metadata.at("compensate").is_string()) link_compensation(compiler, index);
  }
}

}  // namespace

void read_metadata(Compiler& compiler, const Value& value) {
  if (!is_object(compiler.report, value, "metadata")) return;
  Program& program = compiler.program;
  Fields fields{compiler.report, value, "metadata"};
  if (const auto http = fields.get("http")) read_http(compiler, *http);
  if (const auto key = fields.get("key"))
    program.key = read_expression(compiler, *key, "the business key", no_variables());
  if (const auto attributes = fields.get("attributes")) {
    if (is_object(compiler.report, *attributes, "attributes by name")) {
      for (const std::string& name : member_names(*attributes->json)) {
        const Value attribute = attributes->member(name);
        if (!is_path_name(name)) {
          compiler.report.at_key(attribute.pointer,
                                 "expected the name of an attribute (letters, "
                                 "digits, _ and -), got `" +
                                     name + "`");
        }
        const auto id = read_expression(compiler, attribute, "an attribute", no_variables());
        if (id) program.attributes.emplace_back(name, *id);
      }
    }
  }
  if (const auto participants = fields.get("participants"))
    read_names(compiler, *participants, "participants", program.participants);
  if (const auto sensitive = fields.get("sensitive"))
    read_names(compiler, *sensitive, "sensitive paths", program.sensitive);
  if (const auto retention = fields.get("retention")) check_retention(compiler, *retention);
  if (const auto diagrams = fields.get("diagrams"))
    read_names(compiler, *diagrams, "titles of diagrams", program.diagrams);
  if (const auto arrows = fields.get("clientArrows"))
    program.client_arrows = read_arrows(compiler, *arrows);
  if (const auto accepted = fields.get("accept")) read_accepted(compiler, *accepted);
}

void read_accepted(Compiler& compiler, const Value& value) {
  if (!is_object(compiler.report, value, "accepted warnings, each with its reason")) return;
  const auto rules = lint::rule_names();
  for (const std::string& name : member_names(*value.json)) {
    const Value reason = value.member(name);
    if (std::find(rules.begin(), rules.end(), name) == rules.end())
      compiler.report.at_key(reason.pointer, "expected the name of a warning, got `" + name + "`",
                             suggestion(name, rules));
    const auto text = read_text(compiler.report, reason, "the reason why this is accepted");
    if (text && text->find_first_not_of(" \t\n") == std::string::npos)
      compiler.report.mistyped(reason, "the reason why this is accepted");
  }
}

void link_metadata(Compiler& compiler, const Json& root) {
  check_routes(compiler);
  link_compensations(compiler);
  if (!compiler.program.http) return;
  const Json::json_pointer place{"/document/metadata/http/respond"};
  if (!root.contains(place) || !root.at(place).is_string()) return;
  const auto& wanted = root.at(place).get_ref<const std::string&>();
  const NodeIndex found = compiler.program.find(wanted);
  compiler.program.http->respond = found;
  if (found != no_node && found != 0) {
    compiler.program.nodes[found].responds = true;
    return;
  }
  const auto names = task_names(compiler.program);
  const auto same = std::count(names.begin(), names.end(), wanted);
  if (same > 1) {
    compiler.report.at_value(
        place.to_string(),
        "expected one task, got the name of " + std::to_string(same) + " tasks: `" + wanted + "`",
        "name it by its JSON Pointer, such as /do/0/" + wanted);
    return;
  }
  compiler.report.at_value(place.to_string(),
                           "expected the name or the JSON Pointer of a task, got `" + wanted + "`",
                           suggestion(wanted, names));
}

}  // namespace sequent::definition
