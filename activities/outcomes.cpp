#include "activities/outcomes.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <chrono>

namespace sequent::activities {

namespace {

constexpr DurationMs longest_wait_ms = 3'600'000;

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// As a gateway would say it: nobody there, no time left, or a broken answer.
int status_of(net::TransportError::Kind kind) {
  using Kind = net::TransportError::Kind;
  switch (kind) {
    case Kind::resolve:
    case Kind::connect:
    case Kind::tls:
      return 503;
    case Kind::timeout:
      return 408;
    case Kind::invalid:
      return 400;
    case Kind::send:
    case Kind::receive:
    case Kind::too_large:
    case Kind::cancelled:
      return 502;
  }
  return 502;
}

ErrorKind kind_of(net::TransportError::Kind kind) {
  using Kind = net::TransportError::Kind;
  if (kind == Kind::timeout) return ErrorKind::timeout;
  if (kind == Kind::invalid) return ErrorKind::configuration;
  return ErrorKind::communication;
}

std::string_view title_of(net::TransportError::Kind kind) {
  using Kind = net::TransportError::Kind;
  switch (kind) {
    case Kind::resolve:
      return "Host not found";
    case Kind::connect:
      return "No connection";
    case Kind::tls:
      return "TLS failed";
    case Kind::send:
    case Kind::receive:
      return "Connection lost";
    case Kind::timeout:
      return "No answer in time";
    case Kind::too_large:
      return "Answer too large";
    case Kind::cancelled:
      return "Request cancelled";
    case Kind::invalid:
      return "Invalid request";
  }
  return "No answer";
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return result;
}

machine::Problem provider_problem(std::string_view provider, ErrorKind kind, int status,
                                  std::string title, std::string detail) {
  auto problem = machine::make_problem(kind, std::move(detail));
  problem.status = status;
  problem.title = std::move(title);
  problem.extensions = Json::object();
  problem.extensions["provider"] = std::string(provider);
  return problem;
}

Failure transport_failure(std::string_view provider, const net::TransportError& error,
                          Repeat repeat) {
  using Kind = net::TransportError::Kind;
  Failure failure;
  failure.problem = provider_problem(provider, kind_of(error.kind), status_of(error.kind),
                                     std::string(title_of(error.kind)), error.message);
  if (error.kind == Kind::invalid || error.kind == Kind::too_large)
    failure.outcome = Outcome::permanent;  // asking again gives the same
  else if (!error.sent || repeat == Repeat::harmless)
    failure.outcome = Outcome::transient;
  else
    failure.outcome = Outcome::unknown;
  return failure;
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
  const auto day = number(text.substr(5, 2)), year = number(text.substr(12, 4)),
             hour = number(text.substr(17, 2)), minute = number(text.substr(20, 2)),
             second = number(text.substr(23, 2));
  if (month == months.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year{*year},
      std::chrono::month{static_cast<unsigned>(month - months.begin()) + 1},
      std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days{date}.time_since_epoch().count();
  return ((static_cast<Timestamp>(days) * 24 + *hour) * 60 + *minute) * 60'000 + *second * 1000LL;
}

DurationMs retry_after_ms(const net::Headers& headers, Timestamp now) {
  const std::string* text = headers.find("Retry-After");
  if (text == nullptr) return 0;
  DurationMs wait = 0;
  if (const auto seconds = number(*text))
    wait = static_cast<DurationMs>(*seconds) * 1000;
  else if (const auto at = parse_http_date(*text))
    wait = *at - now;
  return std::clamp<DurationMs>(wait, 0, longest_wait_ms);
}

std::string media_type(const net::Headers& headers) {
  std::string type = lower(headers.value("Content-Type"));
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  return type;
}

bool is_json_type(std::string_view media_type) {
  return media_type == "application/json" || media_type == "text/json" ||
         media_type.ends_with("+json");
}

bool looks_like_html(std::string_view body) {
  const auto start = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (start == std::string_view::npos || body[start] != '<') return false;
  const std::string head = lower(body.substr(start, 64));
  return head.starts_with("<!doctype html") || head.starts_with("<html") ||
         head.starts_with("<head") || head.starts_with("<body");
}

}  // namespace sequent::activities
