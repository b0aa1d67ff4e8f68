#pragma once
// A CloudEvent as an HTTP request carries it.
// source  cloudevents.io, HTTP protocol binding 1.0.2, sections 3.1 and 3.2
#include "base/json.hpp"
#include "net/http_message.hpp"
#include "outbox/settings.hpp"

namespace sequent::outbox {

struct Message {
  net::Headers headers;
  std::string body;
};

/// Structured: the envelope as JSON. Binary: attributes as ce-* headers, the data as the body.
[[nodiscard]] Message message_of(const Json& event, ContentMode mode);

}  // namespace sequent::outbox
