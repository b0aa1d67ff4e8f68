#include "sandbox/stripe/errors.hpp"

namespace sequent::sandbox::stripe {

Json ApiError::to_json(const std::string& request_id) const {
  Json error{{"type", type},
             {"message", message},
             {"request_log_url", "https://dashboard.stripe.com/test/logs/" + request_id}};
  if (!code.empty()) {
    error["code"] = code;
    error["doc_url"] = "https://stripe.com/docs/error-codes/" + code;
  }
  if (!param.empty()) error["param"] = param;
  if (!decline_code.empty()) error["decline_code"] = decline_code;
  return {{"error", error}};
}

std::unexpected<ApiError> bad_parameter(std::string code, std::string param, std::string message) {
  return std::unexpected(
      ApiError{.code = std::move(code), .message = std::move(message), .param = std::move(param)});
}

std::unexpected<ApiError> refused(std::string code, std::string param, std::string message) {
  return std::unexpected(ApiError{.code = std::move(code),
                                  .message = std::move(message),
                                  .param = std::move(param),
                                  .executed = true});
}

std::unexpected<ApiError> no_such(const std::string& kind, const std::string& id,
                                  const std::string& param) {
  return std::unexpected(ApiError{.status = param.empty() ? 404 : 400,
                                  .code = "resource_missing",
                                  .message = "No such " + kind + ": '" + id + "'",
                                  .param = param.empty() ? "id" : param,
                                  .executed = true});
}

}  // namespace sequent::sandbox::stripe
