#include "net/response_head.hpp"

#include <array>
#include <boost/beast/http/status.hpp>

namespace sequent::net {
namespace {

bool is_framing(const std::string& name) {
  // Lengths first: nearly every header is told apart without looking at its letters.
  if (name.size() != 10 && name.size() != 14 && name.size() != 17) return false;
  std::string lowered = name;
  for (char& c : lowered)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lowered == "connection" || lowered == "content-length" || lowered == "transfer-encoding";
}

void append_clean(std::string& out, const std::string& text) {
  for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

}  // namespace

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

std::string response_head(const ServerResponse& response, const HeadOptions& options) {
  const auto status = static_cast<unsigned>(response.status);
  const auto known = boost::beast::http::int_to_status(status);
  std::string_view reason;  // may be empty (RFC 9112, section 4)
  if (known != boost::beast::http::status::unknown) {
    const auto words = boost::beast::http::obsolete_reason(known);
    reason = {words.data(), words.size()};
  }
  std::string head;
  head.reserve(256 + response.body.size() % 4096);
  head += "HTTP/1.1 ";
  head += std::to_string(status);
  head += ' ';
  head += reason;
  head += "\r\n";
  for (const auto& [name, value] : response.headers.all()) {
    if (is_framing(name)) continue;
    append_clean(head, name);
    head += ": ";
    append_clean(head, value);
    head += "\r\n";
  }
  if (options.framing == Framing::length && has_body(response.status)) {
    head += "Content-Length: ";
    head += std::to_string(response.body.size());
    head += "\r\n";
  } else if (options.framing == Framing::chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  }
  if (!options.keep_alive) {
    head += "Connection: close\r\n";
  } else if (options.version == 10) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  return head;
}

}  // namespace sequent::net
