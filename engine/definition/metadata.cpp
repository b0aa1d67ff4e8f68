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

// "/api/stripe/accounts/{accountId}"; the answer is what is wrong with it.
std::optional<std::string> wrong_path(std::string_view path) {
  if (!path.starts_with('/')) return "a path that begins with `/`";
  std::set<std::string> names;
  std::size_t at = 1;
  while (at <= path.size()) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, slash - at);
    at = slash + 1;
    const bool parameter = part.starts_with('{') && part.ends_with('}') && part.size() > 2;
    if (parameter) {
      const std::string name{part.substr(1, part.size() - 2)};
      if (!is_path_name(name)) return "path parameters of letters, digits, _ and -";
      if (!names.insert(name).second) return "each path parameter once";
    } else if (part.find_first_of("{} \t?#%\"<>\\^`|") != std::string_view::npos) {
      return "path segments that are plain text or one {parameter}";
    } else if (part.empty() && path.size() > 1) {
      return "path segments that are not empty";
    }
  }
  return std::nullopt;
}

void read_http(Compiler& compiler, const Value& value) {
  HttpTrigger out;
  Fields fields{compiler.report, value, "an HTTP trigger"};
  if (const auto method = fields.require("method", "get, post, put, patch or delete")) {
    auto text = method->json->is_string() ? method->json->get<std::string>() : std::string{};
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    const std::vector<std::string> methods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    if (std::find(methods.begin(), methods.end(), text) == methods.end())
      compiler.report.mistyped(*method, "get, post, put, patch or delete");
    out.method = text;
  }
  if (const auto path = fields.require("path", "a path such as /api/orders/{id}")) {
    out.path = read_text(compiler.report, *path, "a path").value_or("/");
    if (const auto wrong = wrong_path(out.path)) compiler.report.mistyped(*path, *wrong);
  }
  if (const auto respond = fields.get("respond"))
    (void)read_text(compiler.report, *respond, "the name of a task");
  if (const auto headers = fields.get("headers")) {
    if (is_list(compiler.report, *headers, "names of headers")) {
      for (std::size_t i = 0; i < headers->json->size(); ++i) {
        auto name = read_text(compiler.report, headers->item(i), "the name of a header");
        if (!name) continue;
        if (!is_path_name(*name))
          compiler.report.mistyped(headers->item(i), "the name of a header");
        std::transform(name->begin(), name->end(), name->begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        out.headers.push_back(*std::move(name));
      }
    }
  }
  fields.finish();
  compiler.program.http = std::move(out);
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
  if (const auto diagrams = fields.get("diagrams"))
    read_names(compiler, *diagrams, "titles of diagrams", program.diagrams);
  if (const auto arrows = fields.get("clientArrows"))
    program.client_arrows = read_arrows(compiler, *arrows);
}

void link_metadata(Compiler& compiler, const Json& root) {
  if (!compiler.program.http) return;
  const Json::json_pointer place{"/document/metadata/http/respond"};
  if (!root.contains(place) || !root.at(place).is_string()) return;
  const auto& wanted = root.at(place).get_ref<const std::string&>();
  const NodeIndex found = compiler.program.find(wanted);
  compiler.program.http->respond = found;
  if (found != no_node && found != 0) return;
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
