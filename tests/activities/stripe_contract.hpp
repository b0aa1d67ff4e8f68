#pragma once
// Stripe's published description as a judge of requests.
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "net/http_message.hpp"

namespace sequent::tests {

class StripeContract {
 public:
  explicit StripeContract(Json description) : api_(std::move(description)) {}

  [[nodiscard]] bool describes(const std::string& method, const std::string& path) const;
  /// What is wrong with a request as it went over the wire: unknown call, unknown, missing or
  /// mistyped parameters, values that are none of the named ones, wrong headers. Empty: nothing.
  [[nodiscard]] std::vector<std::string> violations(const net::ServerRequest& request) const;
  /// Parameter name -> schema, of the body or the query; null where there is no such call.
  [[nodiscard]] Json parameters(const std::string& method, const std::string& path) const;

 private:
  [[nodiscard]] const Json* operation(const std::string& method, const std::string& path) const;
  [[nodiscard]] Json resolved(const Json& schema) const;
  /// As one schema of an object: query parameters or the form's.
  [[nodiscard]] Json form_schema(const Json& operation) const;
  void check(const Json& schema, const Json& value, const std::string& name,
             std::vector<std::string>& found) const;
  void check_object(const Json& schema, const Json& value, const std::string& name,
                    std::vector<std::string>& found) const;
  void check_scalar(const Json& schema, const Json& value, const std::string& name,
                    std::vector<std::string>& found) const;

  Json api_;
};

}  // namespace sequent::tests
