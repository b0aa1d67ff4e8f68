#pragma once
#include <memory>

#include "net/http_client.hpp"
#include "outbox/settings.hpp"

namespace sequent::outbox {

/// One request for each event, the next one after the answer. Only 2xx takes an event; whatever else
/// comes, it is sent again, for leaving it out would lose it. `client` outlives the sink.
[[nodiscard]] std::unique_ptr<Sink> http_sink(HttpSettings settings, net::HttpClient& client);

}  // namespace sequent::outbox
