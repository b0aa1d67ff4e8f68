#include "api/filter.hpp"

#include <algorithm>
#include <array>

#include "engine/machine/state.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::api {
namespace {

const std::vector<std::string> statuses{"pending",   "running", "waiting",  "suspended",
                                        "cancelled", "faulted", "completed"};
const std::vector<std::string> waiting_kinds{"timer",  "event", "activity",
                                             "parked", "child", "limit"};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

void check_one_of(const std::string& value, const std::vector<std::string>& known,
                  const std::string& place, Faults& faults) {
  if (value.empty() || std::find(known.begin(), known.end(), value) != known.end()) return;
  faults.add(place, "expected one of " + joined(known) + ", got \"" + value + "\"",
             did_you_mean(value, known));
}

// "namespace/name" or "namespace/name:version".
void split_workflow(const std::string& text, runtime::RunFilter& filter, const std::string& place,
                    Faults& faults) {
  if (text.empty()) return;
  const auto slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size()) {
    faults.add(place, "expected namespace/name or namespace/name:version, got \"" + text + "\"");
    return;
  }
  const auto colon = std::min(text.find(':', slash), text.size());
  filter.workflow_namespace = text.substr(0, slash);
  filter.name = text.substr(slash + 1, colon - slash - 1);
  if (colon < text.size()) filter.version = text.substr(colon + 1);
}

Json attributes_from(StrictObject& object, Faults& faults) {
  const Json* given = object.get("attributes");
  Json attributes = Json::object();
  if (given == nullptr || given->is_null()) return attributes;
  if (!given->is_object()) {
    faults.add(object.place("attributes"), "expected an object, got " + described(*given));
    return attributes;
  }
  for (const auto& [name, value] : given->items()) {
    if (value.is_structured())
      faults.add(object.place("attributes") + "/" + name,
                 "expected text, a number, true, false or null, got " + described(value));
    attributes[name] = value;
  }
  return attributes;
}

// A query says everything as text: 5 and true are meant as such, "5" is text.
Json scalar_of(const std::string& text) {
  auto json = parse_json(text, 1);
  if (json && !json->is_structured()) return *std::move(json);
  return text;
}

}  // namespace

runtime::RunFilter filter_from(const Json& json, Faults& faults, const std::string& pointer,
                               Timestamp now) {
  runtime::RunFilter filter;
  StrictObject object{json, faults, pointer};
  filter.statuses = object.texts("status");
  for (const auto& status : filter.statuses)
    check_one_of(status, statuses, object.place("status"), faults);
  split_workflow(object.text("workflow"), filter, object.place("workflow"), faults);
  const auto put = [&object](const char* name, std::string& into) {
    auto text = object.text(name);
    if (!text.empty()) into = std::move(text);
  };
  put("namespace", filter.workflow_namespace);
  put("name", filter.name);
  put("version", filter.version);
  put("key", filter.key);
  put("task", filter.task);
  put("waiting", filter.waiting_kind);
  check_one_of(filter.waiting_kind, waiting_kinds, object.place("waiting"), faults);
  put("provider", filter.provider);
  put("operation", filter.operation);
  put("errorType", filter.error_type);
  put("text", filter.text);
  filter.error_status = static_cast<int>(object.whole("errorStatus", 100, 999).value_or(0));
  filter.attributes = attributes_from(object, faults);
  filter.started_after = object.time("startedAfter");
  filter.started_before = object.time("startedBefore");
  filter.updated_after = object.time("updatedAfter");
  filter.updated_before = object.time("updatedBefore");
  filter.parent = object.id("parent");
  constexpr std::size_t longest_search = 64'000;
  if (const auto where = object.text("where", longest_search); !where.empty())
    if (const auto read = runtime::read_where(where, now, filter); !read)
      faults.add(object.place("where"), read.error().detail);
  if (const Json* stuck = object.get("stuck"); stuck != nullptr && !stuck->is_null()) {
    if (!stuck->is_boolean())
      faults.add(object.place("stuck"), "expected true or false, got " + described(*stuck));
    else
      filter.stuck = stuck->get<bool>();
    filter.stuck_at = filter.stuck ? now : 0;
  }
  object.finish();
  return filter;
}

Result<runtime::RunFilter> filter_from_query(const std::string& query, Timestamp now) {
  constexpr std::string_view attribute = "attribute.";
  Json json = Json::object();
  for (const auto& [name, value] : net::parse_query(query)) {
    if (name == "limit" || name == "cursor") continue;
    if (name.starts_with(attribute)) {
      json["attributes"][name.substr(attribute.size())] = scalar_of(value);
    } else if (name == "status") {
      std::string_view rest = value;  // "faulted,suspended", or the parameter repeated
      while (!rest.empty()) {
        const auto end = std::min(rest.find(','), rest.size());
        json["status"].push_back(std::string(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    } else if (name == "errorStatus" || name == "stuck") {
      json[name] = scalar_of(value);
    } else {
      json[name] = value;
    }
  }
  Faults faults;
  auto filter = filter_from(json, faults, "", now);
  if (!faults.empty()) return std::unexpected(faults.error("The filter"));
  return filter;
}

}  // namespace sequent::api
