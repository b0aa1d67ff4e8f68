#pragma once
// webhooks: who may send events to /webhooks/{source}, and how they sign.
#include "cli/config.hpp"
#include "cli/config_section.hpp"

namespace sequent::cli {

/// shape   {allowUnsigned, toleranceSeconds, sources {NAME: {secrets: [credential …], signature
///         {header, encoding, prefix, timestampHeader, timestampPrefix, signs, toleranceSeconds}, id
///         {header | pointer}, type {header | pointer}, typePrefix}}}
/// errors  reported: unknown keys, wrong types, a source without secrets, a signature of no use
void read_webhooks(const Value& value, Reading& reading, WebhookSettings& webhooks);

}  // namespace sequent::cli
