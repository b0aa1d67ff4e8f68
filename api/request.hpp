#pragma once
// Reading requests: query parameters, bodies, headers. Everything that is unknown or of the wrong
// kind is said at once, each finding with its place.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "net/http_message.hpp"

namespace sequent::api {

/// Gathers what is wrong with one request.
class Faults {
 public:
  void add(std::string pointer, std::string message, std::string hint = "");
  [[nodiscard]] bool empty() const { return findings_.empty(); }
  /// invalid_request; `what` opens the sentence ("The body").
  [[nodiscard]] Error error(std::string_view what);

 private:
  std::vector<Finding> findings_;
};

/// The members of a JSON object, each asked for by name; finish() refuses those nobody asked for.
class StrictObject {
 public:
  StrictObject(const Json& json, Faults& faults, std::string pointer = "");

  [[nodiscard]] const Json* get(std::string_view name);  // null when absent
  [[nodiscard]] std::string text(std::string_view name, std::size_t max_length = 1'000);
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name, std::int64_t least,
                                                  std::int64_t most);
  [[nodiscard]] std::optional<Timestamp> time(std::string_view name);
  [[nodiscard]] std::optional<InstanceId> id(std::string_view name);
  /// `reason`: why this is done. A finding when it is not said.
  [[nodiscard]] std::string reason();
  /// A text, or a list of texts.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name);
  void finish();
  [[nodiscard]] std::string place(std::string_view name) const;

 private:
  const Json& json_;
  Faults& faults_;
  std::string pointer_;
  std::vector<std::string> known_;
};

/// "text \"abc\"", "number 5", …: what came, for messages.
[[nodiscard]] std::string described(const Json& value);
/// " Did you mean `x`?" or "".
[[nodiscard]] std::string did_you_mean(std::string_view name, std::span<const std::string> known);

/// errors  unsupported_media_type, invalid_json
[[nodiscard]] Result<Json> json_body(const net::ServerRequest& request, int max_depth);
/// "application/json" of "Application/JSON; charset=utf-8".
[[nodiscard]] std::string media_type(const net::ServerRequest& request);
[[nodiscard]] bool is_json_type(std::string_view type);

/// True when `Accept` (or its absence) allows `type`.
[[nodiscard]] bool accepts(const net::ServerRequest& request, std::string_view type);
/// True when `Accept` names `type` itself, not by a wildcard.
[[nodiscard]] bool prefers(const net::ServerRequest& request, std::string_view type);

/// RFC 7240, as far as it is understood here.
struct Preferences {
  std::optional<int> wait_seconds;  // as asked
  bool representation = false;      // return=representation
};
/// errors  invalid_request: `wait` that is no whole number of seconds
[[nodiscard]] Result<Preferences> preferences(const net::ServerRequest& request);

/// `Idempotency-Key`, "" when absent.
/// errors  invalid_request: empty, longer than 255 bytes, or with control characters
[[nodiscard]] Result<std::string> idempotency_key(const net::ServerRequest& request);

/// The first value of a query parameter, decoded.
[[nodiscard]] std::optional<std::string> query_value(const net::ServerRequest& request,
                                                     std::string_view name);
/// errors  invalid_request
[[nodiscard]] Result<std::int64_t> query_number(const net::ServerRequest& request,
                                                std::string_view name, std::int64_t fallback,
                                                std::int64_t least, std::int64_t most);

}  // namespace sequent::api
