#pragma once
#include <string>

#include "base/time.hpp"
#include "net/http_message.hpp"

namespace sequent::net {

enum class Framing { length, chunked, until_close };

struct HeadOptions {
  Framing framing = Framing::length;
  bool keep_alive = true;
  unsigned version = 11;  // of the request: 10 or 11
  std::string date;       // of the Date header; empty: none
};

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
[[nodiscard]] std::string http_date(Timestamp at);

/// Status line and headers up to and including the empty line. Framing headers that the response
/// itself names are replaced; CR and LF inside values become spaces, so that no value can add a header.
[[nodiscard]] std::string response_head(const ServerResponse& response, const HeadOptions& options);

/// 1xx, 204 and 304 have no body (RFC 9110, section 6.4.1).
[[nodiscard]] bool has_body(int status);

}  // namespace sequent::net
