#pragma once
// Stripe's error shape, and what is remembered under an idempotency key.
#include <expected>
#include <string>

#include "base/json.hpp"

namespace sequent::sandbox::stripe {

struct ApiError {
  int status = 400;
  std::string type = "invalid_request_error";
  std::string code;  // may be empty
  std::string message;
  std::string param;  // may be empty
  /// Execution had begun: the answer is stored under the idempotency key and replayed.
  bool executed = false;
  std::string decline_code = {};  // of a card_error; may be empty

  [[nodiscard]] Json to_json(const std::string& request_id) const;
};

template <class T>
using Answer = std::expected<T, ApiError>;

/// A parameter that breaks its own rules: found before execution, never stored.
[[nodiscard]] std::unexpected<ApiError> bad_parameter(std::string code, std::string param,
                                                      std::string message);
/// A request that the present state refuses: stored like a success.
[[nodiscard]] std::unexpected<ApiError> refused(std::string code, std::string param,
                                                std::string message);
/// 404 for an id in the path, 400 for one in `param`.
[[nodiscard]] std::unexpected<ApiError> no_such(const std::string& kind, const std::string& id,
                                                const std::string& param = "");

}  // namespace sequent::sandbox::stripe
