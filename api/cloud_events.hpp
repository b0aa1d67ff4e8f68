#pragma once
// CloudEvents 1.0 over HTTP: structured, batched and binary content mode.
// source  cloudevents.io, HTTP protocol binding 1.0.2 and JSON format 1.0.2
#include "base/error.hpp"
#include "base/json.hpp"
#include "net/http_message.hpp"

namespace sequent::api {

struct IncomingEvents {
  std::vector<Json> events;  // envelopes
  bool batch = false;
};

/// errors  invalid_json, unsupported_media_type, too_large (more than `most` events),
///         invalid_request: an attribute is missing or malformed; every finding with its place
[[nodiscard]] Result<IncomingEvents> read_events(const net::ServerRequest& request,
                                                 std::size_t most, int max_depth);

/// Puts the body of a request into an event: `datacontenttype`, and `data` (JSON when its type says
/// so or says nothing, else text) or `data_base64` (what is no UTF-8). An empty body is no data.
/// errors  invalid_json
[[nodiscard]] Result<void> put_data(const net::ServerRequest& request, int max_depth, Json& event);

}  // namespace sequent::api
