#pragma once
// Holds requests against a published OpenAPI description: method, path, query, body.
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "net/http_message.hpp"

namespace sequent::tests {

class OpenApi {
 public:
  /// `base` is what stands before the description's paths: "/v1".
  OpenApi(Json description, std::string base)
      : api_(std::move(description)), base_(std::move(base)) {}

  /// The description in a file of the folder of contracts; nothing, with a warning that names the
  /// file, where that is absent.
  [[nodiscard]] static std::optional<OpenApi> load(const std::string& name, std::string base);

  /// Every way in which the request differs from what is described: no such operation, unknown or
  /// missing parameters and members, wrong types, values outside of an enumeration or a range.
  [[nodiscard]] std::vector<std::string> violations(const net::ServerRequest& request) const;

  /// The described operation; null when there is none.
  [[nodiscard]] const Json* operation(const std::string& method, const std::string& path) const;
  /// The schema with its reference followed and its allOf joined.
  [[nodiscard]] Json whole(const Json& schema) const;
  /// The JSON body's schema, whole; an empty one where no body is described.
  [[nodiscard]] Json body_schema(const Json& operation) const;

  /// How `value` breaks `schema`.
  void check(const Json& schema, const Json& value, const std::string& at,
             std::vector<std::string>& found) const;

 private:
  void check_query(const Json& operation, const std::string& query,
                   std::vector<std::string>& found) const;
  void check_object(const Json& schema, const Json& value, const std::string& at,
                    std::vector<std::string>& found) const;
  void check_scalar(const Json& schema, const Json& value, const std::string& at,
                    std::vector<std::string>& found) const;

  Json api_;
  std::string base_;
};

}  // namespace sequent::tests
