// The HTTP side of a workflow: routes that start it, routes that reach its listening tasks, and the
// answers that its tasks give.
#include "engine/definition/compiler.hpp"

namespace sequent::definition {
namespace {

// RFC 9110 `token`, as far as names of headers and cookies need it.
bool is_token(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  });
}

bool is_parameter_name(std::string_view name) {
  return is_token(name) && name.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                               "UVWXYZ0123456789_-") == std::string_view::npos;
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
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
      if (!is_parameter_name(name)) return "path parameters of letters, digits, _ and -";
      if (!names.insert(name).second) return "each path parameter once";
    } else if (part.find_first_of("{} \t?#%\"<>\\^`|") != std::string_view::npos) {
      return "path segments that are plain text or one {parameter}";
    } else if (part.empty() && path.size() > 1) {
      return "path segments that are not empty";
    }
  }
  return std::nullopt;
}

std::vector<std::string> read_name_list(Compiler& compiler, const Value& list,
                                        const std::string& what) {
  std::vector<std::string> names;
  if (!is_list(compiler.report, list, "names of " + what + "s")) return names;
  for (std::size_t i = 0; i < list.json->size(); ++i) {
    const Value item = list.item(i);
    auto name = read_text(compiler.report, item, "the name of a " + what);
    if (!name) continue;
    if (!is_token(*name)) compiler.report.mistyped(item, "the name of a " + what);
    if (what == "header") name = lower(*std::move(name));
    if (std::find(names.begin(), names.end(), *name) != names.end())
      compiler.report.at_value(item.pointer, "`" + *name + "` is in the list already",
                               "remove one of the two");
    names.push_back(*std::move(name));
  }
  return names;
}

// What both kinds of route say about their requests.
HttpTrigger read_request(Compiler& compiler, Fields& fields) {
  HttpTrigger out;
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
  if (const auto headers = fields.get("headers"))
    out.headers = read_name_list(compiler, *headers, "header");
  if (const auto cookies = fields.get("cookies"))
    out.cookies = read_name_list(compiler, *cookies, "cookie");
  if (const auto query = fields.get("query"))
    out.query = read_name_list(compiler, *query, "query parameter");
  return out;
}

std::optional<std::string> constant_attribute(const EventFilter& filter, std::string_view name) {
  for (const EventAttribute& attribute : filter.attributes)
    if (attribute.name == name && attribute.equals && attribute.equals->is_string())
      return attribute.equals->get<std::string>();
  return std::nullopt;
}

// The filter that the route's requests are meant for: the one of `type`, or the only one.
std::optional<std::uint32_t> filter_of_route(Compiler& compiler, const Value& http,
                                             const std::vector<std::uint32_t>& filters,
                                             const std::optional<Value>& type) {
  const auto& all = compiler.program.filters;
  std::vector<std::string> types;
  std::optional<std::uint32_t> found;
  const std::string wanted =
      type ? read_text(compiler.report, *type, "the type of an event").value_or("") : "";
  for (const std::uint32_t filter : filters) {
    if (all.at(filter).type.empty()) continue;
    types.push_back(all.at(filter).type);
    if (!found && (!type || types.back() == wanted)) found = filter;
  }
  if (type && !found) {
    compiler.report.mistyped(*type, "the constant type of an event that the task listens to",
                             suggestion(wanted, types));
  } else if (!type && types.size() > 1) {
    compiler.report.at_key(http.pointer,
                           "the task listens to " + std::to_string(types.size()) +
                               " types of events, and the route does not say which one it makes",
                           "add `type`: one of " + types[0] + ", " + types[1]);
  } else if (!found) {
    compiler.report.at_key(http.pointer,
                           "expected a listen task with a constant `type` in an event filter",
                           "write listen: {to: {one: {with: {type: …}, correlate: {…}}}}");
  }
  if (!found || !all.at(*found).correlations.empty()) return found;
  compiler.report.at_key(http.pointer,
                         "expected the event of the route to be correlated, or each request would "
                         "go to every run that waits",
                         "add correlate: {order: {from: .data.order, expect: \"${ … }\"}} to the "
                         "event filter");
  return found;
}

void read_listen_route(Compiler& compiler, const Value& value, const Site& site) {
  const auto* listen = std::get_if<ListenTask>(&compiler.program.nodes[site.index].body);
  if (listen == nullptr) {
    compiler.report.at_key(value.pointer, "`http` stands at a listen task only",
                           "the route that starts the workflow belongs into document.metadata");
    return;
  }
  Fields fields{compiler.report, value, "an HTTP route"};
  ListenRoute route{.http = read_request(compiler, fields), .task = site.index};
  const auto type = fields.get("type");
  if (const auto hold = fields.get("hold")) {
    const auto duration = read_duration(compiler, *hold, "`hold`", site.variables);
    if (duration && duration->expression)
      compiler.report.mistyped(*hold, "a duration that is no expression");
    if (duration) route.hold_ms = duration->fixed_ms;
  }
  fields.finish();
  if (!fields.usable()) return;
  const auto filter = filter_of_route(compiler, value, listen->to.filters, type);
  if (!filter) return;
  route.filter = *filter;
  route.source =
      constant_attribute(compiler.program.filters.at(*filter), "source").value_or("sequent:http");
  compiler.program.routes.push_back(std::move(route));
}

// Headers that the server writes itself; two of them would be a broken message.
bool is_servers_own(const std::string& name) {
  static const std::set<std::string> own{"connection",        "content-length", "date",
                                         "transfer-encoding", "upgrade",        "keep-alive",
                                         "sequent-run"};
  return own.contains(name);
}

bool is_header_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

void check_header_value(Compiler& compiler, const Value& value) {
  if (value.json->is_string()) {
    if (!is_expression(compiler, *value.json) &&
        !is_header_text(value.json->get_ref<const std::string&>()))
      compiler.report.mistyped(value, "the value of a header, without control characters");
  } else if (!value.json->is_number() && !value.json->is_boolean()) {
    compiler.report.mistyped(value, "the value of a header (text, or a list of texts)");
  }
}

Template read_answer_headers(Compiler& compiler, const Value& value, const Variables& variables) {
  if (is_expression(compiler, *value.json)) return read_template(compiler, value, variables);
  if (!is_object(compiler.report, value, "headers by name")) return {};
  for (const std::string& name : member_names(*value.json)) {
    const Value header = value.member(name);
    if (!is_token(name)) {
      compiler.report.at_key(header.pointer, "expected the name of a header, got `" + name + "`");
    } else if (is_servers_own(lower(name))) {
      compiler.report.at_key(header.pointer, "the server itself writes `" + name + "`",
                             "remove it");
    }
    if (!header.json->is_array()) {
      check_header_value(compiler, header);
      continue;
    }
    for (std::size_t i = 0; i < header.json->size(); ++i)
      check_header_value(compiler, header.item(i));
  }
  return read_template(compiler, value, variables);
}

Template read_answer(Compiler& compiler, const Value& value, const Variables& variables) {
  Template out;
  out.skeleton = Json::object();
  Fields fields{compiler.report, value, "an answer"};
  const auto status = fields.get("status");
  const auto headers = fields.get("headers");
  const auto body = fields.get("body");
  const auto problem = fields.get("problem");
  fields.finish();
  constexpr std::int64_t least = 200, least_problem = 400, most = 599;
  if (status) {
    if (!is_expression(compiler, *status->json))
      (void)read_integer(compiler.report, *status, "a status (or an expression)",
                         problem ? least_problem : least, most);
    set_member(out, "status", read_template(compiler, *status, variables));
  }
  if (headers) set_member(out, "headers", read_answer_headers(compiler, *headers, variables));
  if (body) set_member(out, "body", read_template(compiler, *body, variables));
  if (problem) {
    if (body)
      compiler.report.at_key(problem->pointer, "an answer has a `body` or a `problem`, not both",
                             "remove one of the two");
    if (!problem->json->is_object() && !is_expression(compiler, *problem->json))
      compiler.report.mistyped(*problem, "problem details: {type, title, detail}");
    set_member(out, "problem", read_template(compiler, *problem, variables));
  }
  return out;
}

}  // namespace

void read_http(Compiler& compiler, const Value& value) {
  Fields fields{compiler.report, value, "an HTTP trigger"};
  HttpTrigger out = read_request(compiler, fields);
  if (const auto respond = fields.get("respond"))
    (void)read_text(compiler.report, *respond, "the name of a task");
  fields.finish();
  compiler.program.http = std::move(out);
}

void read_task_metadata(Compiler& compiler, const Value& metadata, const Site& site) {
  if (metadata.json->contains("http")) read_listen_route(compiler, metadata.member("http"), site);
  if (metadata.json->contains("accept")) read_accepted(compiler, metadata.member("accept"));
  if (metadata.json->contains("compensate"))
    (void)read_text(compiler.report, metadata.member("compensate"),
                    "the name of a task, or NAMESPACE/NAME of a workflow");
  if (!metadata.json->contains("respond")) return;
  const Value respond = metadata.member("respond");
  std::optional<Template> answer;
  if (respond.json->is_object()) {
    answer = read_answer(compiler, respond, site.variables);
  } else if (*respond.json != true) {
    compiler.report.mistyped(respond, "true, or an answer: {status, headers, body}");
  }
  Node& node = compiler.program.nodes[site.index];
  node.responds = true;
  node.answer = std::move(answer);
}

void check_routes(Compiler& compiler) {
  std::vector<std::pair<std::string, std::string>> seen;  // shape, pointer of the task
  const auto note = [&](const HttpTrigger& http, const std::string& task) {
    std::string shape = http.method + " ";
    bool name = false;
    for (const char c : http.path) {
      if (!name) shape += c;
      if (c == '{') name = true;
      if (c == '}') name = false;
    }
    for (const auto& [other, where] : seen) {
      if (other != shape) continue;
      compiler.report.at_key(task + "/metadata/http",
                             http.method + " " + http.path + " is bound already, by " +
                                 (where.empty() ? "the document" : where),
                             "choose another method or path");
    }
    seen.emplace_back(std::move(shape), task);
  };
  if (compiler.program.http) note(*compiler.program.http, "");
  for (const ListenRoute& route : compiler.program.routes)
    note(route.http, compiler.program.nodes[route.task].pointer);
}

}  // namespace sequent::definition
