#pragma once
// outbox: where the events go that workflows emit.
#include <vector>

#include "cli/config_section.hpp"
#include "outbox/settings.hpp"

namespace sequent::cli {

/// shape   {NAME: {http {url, mode, token, timeoutMs} | redis {url, password, stream, maxLength,
///         timeoutMs}, types, startAt}}
/// errors  reported: unknown keys, wrong types, a sink with no target or with two
void read_outbox(const Value& value, Reading& reading, std::vector<outbox::SinkSettings>& sinks);

/// SEQUENT_OUTBOX_HTTP_URL, _MODE and _TOKEN are of the sink `http`; SEQUENT_OUTBOX_REDIS_URL,
/// _PASSWORD and _STREAM of the sink `redis`. An address makes the sink when the file has none.
/// errors  invalid_request
[[nodiscard]] Result<void> read_outbox_variables(const Environment& environment,
                                                 std::vector<outbox::SinkSettings>& sinks);

}  // namespace sequent::cli
