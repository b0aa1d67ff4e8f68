#pragma once
#include <memory>

#include "outbox/settings.hpp"

namespace sequent::outbox {

/// Entries {id, source, type, event: the envelope as JSON} of one stream, trimmed to about
/// `max_length`. The events of one send() are one MULTI … EXEC: all of them, in order, or none.
/// The process ignores SIGPIPE: hiredis writes to peers that may have left.
[[nodiscard]] std::unique_ptr<Sink> redis_sink(RedisSettings settings);

}  // namespace sequent::outbox
