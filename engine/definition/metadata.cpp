// `document.metadata`: the parts that this engine gives a meaning. Other members are free.
#include "engine/definition/compiler.hpp"

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
}

void link_metadata(Compiler& compiler, const Json& root) {
  check_routes(compiler);
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
  std::vector<std::string> names;
  std::size_t same = 0;
  for (const Node& node : compiler.program.nodes) {
    if (node.name.empty()) continue;
    names.push_back(node.name);
    if (node.name == wanted) ++same;
  }
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
