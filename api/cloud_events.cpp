#include "api/cloud_events.hpp"

#include <algorithm>

#include "api/request.hpp"
#include "base/digest.hpp"

namespace sequent::api {
namespace {

constexpr std::string_view structured = "application/cloudevents+json";
constexpr std::string_view batched = "application/cloudevents-batch+json";

bool is_attribute_name(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string_view::npos;
}

void check_event(const Json& event, const std::string& pointer, Faults& faults) {
  if (!event.is_object()) {
    faults.add(pointer, "expected a CloudEvent (an object), got " + described(event));
    return;
  }
  for (const char* name : {"specversion", "id", "source", "type"})
    if (text_of(event, name).empty())
      faults.add(pointer + "/" + name,
                 "expected text that is not empty, got " +
                     (event.contains(name) ? described(event.at(name)) : std::string("nothing")));
  const auto version = text_of(event, "specversion");
  if (!version.empty() && version != "1.0")
    faults.add(pointer + "/specversion", "expected \"1.0\", got \"" + version + "\"");
  for (const char* name : {"subject", "time", "datacontenttype", "dataschema", "data_base64"})
    if (event.contains(name) && !event.at(name).is_string())
      faults.add(pointer + "/" + name, "expected text, got " + described(event.at(name)));
  const auto time = text_of(event, "time");
  if (!time.empty() && !parse_time(time))
    faults.add(pointer + "/time", "expected an RFC 3339 time, got \"" + time + "\"");
  if (event.contains("data") && event.contains("data_base64"))
    faults.add(pointer, "expected `data` or `data_base64`, got both");
  for (const auto& [name, value] : event.items()) {
    if (name == "data" || name == "data_base64") continue;
    if (!is_attribute_name(name))
      faults.add(pointer + "/" + name,
                 "expected attribute names of lower-case letters and digits, got `" + name + "`");
    else if (value.is_structured())
      faults.add(pointer + "/" + name,
                 "expected text, a number or a boolean, got " + described(value));
  }
}

bool is_utf8(const std::string& text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

// The attributes are headers, the body is the data.
Result<Json> binary_event(const net::ServerRequest& request, int max_depth) {
  Json event = Json::object();
  for (const auto& [name, value] : request.headers.all()) {
    if (name.size() <= 3) continue;
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (lower.starts_with("ce-")) event[lower.substr(3)] = net::percent_decode(value);
  }
  if (auto put = put_data(request, max_depth, event); !put)
    return std::unexpected(std::move(put.error()));
  return event;
}

Result<IncomingEvents> checked(IncomingEvents in) {
  Faults faults;
  for (std::size_t i = 0; i < in.events.size(); ++i)
    check_event(in.events[i], in.batch ? "/" + std::to_string(i) : "", faults);
  if (!faults.empty()) return std::unexpected(faults.error("The event"));
  return in;
}

Result<IncomingEvents> read_batch(Json body, std::size_t most) {
  if (!body.is_array())
    return fail(ErrorCode::invalid_request,
                "Expected a list of CloudEvents, got " + described(body) + ".");
  if (body.size() > most)
    return fail(ErrorCode::too_large, "Expected at most " + std::to_string(most) +
                                          " events in one batch, got " +
                                          std::to_string(body.size()) + ".");
  IncomingEvents in{.events = {}, .batch = true};
  for (auto& event : body) in.events.push_back(std::move(event));
  return checked(std::move(in));
}

}  // namespace

Result<void> put_data(const net::ServerRequest& request, int max_depth, Json& event) {
  const std::string type = media_type(request);
  if (!type.empty()) event["datacontenttype"] = request.headers.value("Content-Type");
  if (request.body.empty()) return {};
  if (type.empty() || is_json_type(type)) {
    auto data = parse_json(request.body, max_depth);
    if (!data) return std::unexpected(std::move(data.error()));
    event["data"] = *std::move(data);
  } else if (is_utf8(request.body)) {
    event["data"] = request.body;
  } else {
    event["data_base64"] = base64_encode(request.body);
  }
  return {};
}

Result<IncomingEvents> read_events(const net::ServerRequest& request, std::size_t most,
                                   int max_depth) {
  const std::string type = media_type(request);
  const bool binary = request.headers.find("ce-specversion") != nullptr &&
                      !type.starts_with("application/cloudevents");
  if (binary) {
    auto event = binary_event(request, max_depth);
    if (!event) return std::unexpected(std::move(event.error()));
    return checked({.events = {*std::move(event)}});
  }
  // Many senders call a structured event plain JSON.
  if (type != structured && type != batched && type != "application/json" && !type.empty())
    return fail(ErrorCode::unsupported_media_type,
                "Expected Content-Type: " + std::string(structured) + " or " +
                    std::string(batched) + ", or the event's attributes in ce-* headers; got " +
                    type + ".");
  auto body = parse_json(request.body, max_depth);
  if (!body) return std::unexpected(std::move(body.error()));
  if (type == batched || (type != structured && body->is_array()))
    return read_batch(*std::move(body), most);
  return checked({.events = {*std::move(body)}});
}

}  // namespace sequent::api
