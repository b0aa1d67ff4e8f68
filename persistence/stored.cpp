#include "persistence/stored.hpp"

#include "base/assert.hpp"

namespace sequent::persistence {

Json stored_json(std::string_view text) {
  auto json = parse_json(text);
  SEQUENT_ASSERT(json.has_value());  // we wrote it
  return std::move(*json);
}

Json event_message(Json event) {
  Json body = Json::object();
  body["kind"] = "event";
  body["event"] = std::move(event);
  return body;
}

}  // namespace sequent::persistence
