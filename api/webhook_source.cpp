#include "api/webhook_source.hpp"

#include "api/cloud_events.hpp"
#include "api/request.hpp"

namespace sequent::api {
namespace {

std::string text_at(const Json& event, const std::string& pointer) {
  const Json::json_pointer place{pointer};  // checked where the source was configured
  const auto data = event.find("data");
  if (data == event.end() || !data->contains(place)) return {};
  const auto& value = data->at(place);
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_integer() ? value.dump() : std::string();
}

std::string read_field(const WebhookField& field, const char* what,
                       const net::ServerRequest& request, const Json& event, Faults& faults) {
  constexpr std::size_t longest = 1'000;
  const auto text =
      field.header.empty() ? text_at(event, field.pointer) : request.headers.value(field.header);
  if (!text.empty() && text.size() <= longest) return text;
  const auto place = field.header.empty() ? field.pointer : "the header " + field.header;
  faults.add(field.header.empty() ? field.pointer : "",
             "expected the event's " + std::string(what) + " in " + place + ", a text of 1 to " +
                 std::to_string(longest) + " bytes or a whole number, got " +
                 (text.empty() ? "none" : std::to_string(text.size()) + " bytes"));
  return {};
}

}  // namespace

Result<Json> cloud_event_of_webhook(const WebhookSource& source, const net::ServerRequest& request,
                                    Timestamp now, int max_depth) {
  Json event{{"specversion", "1.0"}, {"source", source.name}, {"time", format_time(now)}};
  if (auto put = put_data(request, max_depth, event); !put)
    return std::unexpected(std::move(put.error()));
  Faults faults;
  const auto id = read_field(source.id, "id", request, event, faults);
  const auto type = read_field(source.type, "type", request, event, faults);
  if (!faults.empty()) return std::unexpected(faults.error("The webhook"));
  event["id"] = id;
  event["type"] = source.type_prefix + type;
  return event;
}

}  // namespace sequent::api
