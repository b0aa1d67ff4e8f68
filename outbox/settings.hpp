#pragma once
// What a node is told about its sinks.
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "outbox/sink.hpp"

namespace sequent::outbox {

enum class ContentMode { structured, binary };

struct HttpSettings {
  std::string url;
  ContentMode mode = ContentMode::structured;
  CredentialSource token;  // sent as `Authorization: Bearer …`; none = not sent
  long timeout_ms = 10'000;
};

struct RedisSettings {
  std::string host = "127.0.0.1";
  int port = 6'379;
  int database = 0;
  std::string user;           // "" = the default one
  CredentialSource password;  // none = no AUTH
  std::string stream = "sequent:events";
  std::int64_t max_length = 1'000'000;  // about; older entries go
  long timeout_ms = 5'000;              // of connecting, and of each write and read
};

struct SinkSettings {
  std::string name;  // of its cursor: another name begins anew
  std::variant<HttpSettings, RedisSettings> target;
  std::vector<std::string> types;  // prefixes of event types; empty = all
  bool from_now = false;           // a new sink leaves out what was emitted before it
};

/// Reads redis://[user[:password]@]host[:port][/database] into `into`; a password is kept as it is.
/// errors  invalid_request; the text is not repeated, it may hold a password
[[nodiscard]] Result<void> read_redis_address(const std::string& text, RedisSettings& into);

}  // namespace sequent::outbox
