#pragma once
// A sender of signed webhooks, as it is configured: whatever it sends becomes a CloudEvent.
#include <string>
#include <vector>

#include "api/webhook_signature.hpp"
#include "base/json.hpp"

namespace sequent::api {

/// Where one text of a webhook is: a header, or a place in its JSON body.
struct WebhookField {
  std::string header;   // "" = not in a header
  std::string pointer;  // JSON Pointer; used when there is no header
};

struct WebhookSource {
  std::string name;                  // of the path, and the events' `source`
  std::vector<std::string> secrets;  // several while one is rolled; never printed
  SignatureRule signature;
  WebhookField id{.header = "", .pointer = "/id"};
  WebhookField type{.header = "", .pointer = "/type"};
  std::string type_prefix;  // put before the type: "com.github."
};

/// Source the source's name, id and type from their fields, time `now`, data the body: JSON as it
/// is, other text as text, other bytes as base64.
/// errors  invalid_json; invalid_request: no id or type where they should be
[[nodiscard]] Result<Json> cloud_event_of_webhook(const WebhookSource& source,
                                                  const net::ServerRequest& request, Timestamp now,
                                                  int max_depth);

}  // namespace sequent::api
