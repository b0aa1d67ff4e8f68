#include "net/response_head.hpp"

#include <array>
#include <boost/beast/http/status.hpp>
#include <chrono>
#include <cstdio>

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

std::string http_date(Timestamp at) {
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{
      std::chrono::floor<std::chrono::seconds>(std::chrono::milliseconds(at))};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
      days.at(std::chrono::weekday{day}.c_encoding()), static_cast<unsigned>(date.day()),
      months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

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
  if (!options.date.empty() && response.headers.find("Date") == nullptr) {
    head += "Date: ";
    head += options.date;
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
