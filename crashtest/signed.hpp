#pragma once
// Signature Version 4 where no libcurl is in between to make it.
#include "base/time.hpp"
#include "net/http_message.hpp"

namespace sequent::crashtest {

/// Dates and signs `received` as libcurl does a request with this `aws_sigv4` and these credentials,
/// so that the stand-in can check it as AWS does.
void sign_for_aws(net::ServerRequest& received, const net::ClientRequest& request, Timestamp now);

}  // namespace sequent::crashtest
