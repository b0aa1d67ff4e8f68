#include <charconv>

#include "net/http_message.hpp"
#include "outbox/settings.hpp"

namespace sequent::outbox {
namespace {

bool read_number(std::string_view text, int least, int most, int& into) {
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || stop != text.data() + text.size()) return false;
  if (number < least || number > most) return false;
  into = number;
  return true;
}

bool read_host(std::string_view text, RedisSettings& into) {
  const bool v6 = text.starts_with('[');
  const auto end = v6 ? text.find(']') : text.find(':');
  if (v6 && end == std::string_view::npos) return false;
  into.host = std::string(v6 ? text.substr(1, end - 1) : text.substr(0, end));
  if (into.host.empty() || into.host.find_first_of(" \t\r\n") != std::string::npos) return false;
  text.remove_prefix(v6 ? end + 1 : std::min(end, text.size()));
  if (text.empty()) return true;
  return text.starts_with(':') && read_number(text.substr(1), 1, 65'535, into.port);
}

}  // namespace

Result<void> read_redis_address(const std::string& text, RedisSettings& into) {
  const auto wrong = fail(ErrorCode::invalid_request,
                          "expected redis://[user[:password]@]host[:port][/database]; TLS "
                          "(rediss://) needs a proxy beside the node");
  constexpr std::string_view scheme = "redis://";
  if (!text.starts_with(scheme)) return wrong;
  std::string_view rest{text};
  rest.remove_prefix(scheme.size());
  RedisSettings read = into;
  const auto slash = rest.find('/');
  if (slash != std::string_view::npos) {
    const auto database = rest.substr(slash + 1);
    if (!database.empty() && !read_number(database, 0, 65'535, read.database)) return wrong;
    rest = rest.substr(0, slash);
  }
  const auto at = rest.rfind('@');
  if (at != std::string_view::npos) {
    const auto who = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const auto colon = who.find(':');
    read.user = net::percent_decode(who.substr(0, colon));
    if (colon != std::string_view::npos) {
      const auto password = net::percent_decode(who.substr(colon + 1));
      read.password = [password]() -> std::optional<std::string> { return password; };
    }
  }
  if (!read_host(rest, read)) return wrong;
  into = std::move(read);
  return {};
}

}  // namespace sequent::outbox
