#pragma once
// AWS Signature Version 4, seen from the server: what a client should have signed is computed anew
// from the request as it arrived and compared.
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/http_message.hpp"

namespace sequent::sandbox::aws {

/// shape   AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=…, Signature=…
struct Authorization {
  std::string access_key_id;
  std::string date;  // "20150830"
  std::string region;
  std::string service;
  std::vector<std::string> signed_headers;  // lower case
  std::string signature;                    // 64 hexadecimal digits

  [[nodiscard]] std::string scope() const;  // "20150830/us-east-1/sqs/aws4_request"
};

/// errors  invalid_request: a part is missing or has the wrong form
[[nodiscard]] Result<Authorization> read_authorization(std::string_view header);

/// How the path is read before it is signed. Every service but S3 takes dots and repeated slashes out.
enum class PathForm : std::uint8_t { normalized, as_sent };

/// The six parts in the form that both sides hash. `payload_hash` is the body's SHA-256 in
/// hexadecimal, or the value of X-Amz-Content-Sha256 where the client chose another.
[[nodiscard]] std::string canonical_request(const net::ServerRequest& request,
                                            const std::vector<std::string>& signed_headers,
                                            std::string_view payload_hash,
                                            PathForm path = PathForm::normalized);
/// `amz_date` as in X-Amz-Date: "20150830T123600Z".
[[nodiscard]] std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                                         std::string_view canonical_request);
/// 64 hexadecimal digits.
[[nodiscard]] std::string signature_of(std::string_view secret_access_key,
                                       const Authorization& scope, std::string_view string_to_sign);

}  // namespace sequent::sandbox::aws
