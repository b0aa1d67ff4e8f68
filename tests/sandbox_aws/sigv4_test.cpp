// The official signing vectors of AWS, all of them, in the header form and in the query form.
#include <sstream>

#include "base/digest.hpp"
#include "sandbox/aws/sigv4.hpp"
#include "tests/sandbox/support.hpp"
#include "tests/support/shared_folder.hpp"

namespace sequent::sandbox::aws {
namespace {

/// A request as the vectors write it: a first line, headers of which one may go on in the next line
/// that starts with a blank, an empty line, the body.
net::ServerRequest read_request(const std::string& text) {
  net::ServerRequest request;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  request.method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  std::vector<std::pair<std::string, std::string>> headers;
  while (std::getline(lines, line) && !line.empty()) {
    if (line[0] == ' ') {
      headers.back().second += line;
    } else {
      headers.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
    }
  }
  for (auto& [name, value] : headers) request.headers.add(name, value);
  std::getline(lines, request.body, '\0');
  return request;
}

std::vector<std::string> names_of(const std::string& joined) {
  std::vector<std::string> names;
  std::istringstream parts(joined);
  for (std::string name; std::getline(parts, name, ';');) names.push_back(name);
  return names;
}

/// The last two lines of a canonical request: the signed names, the hash of the body.
std::pair<std::string, std::string> tail_of(const std::string& canonical) {
  const auto last = canonical.rfind('\n');
  const auto before = canonical.rfind('\n', last - 1);
  return {canonical.substr(before + 1, last - before - 1), canonical.substr(last + 1)};
}

Authorization scope_of(const Json& context, const std::string& to_sign) {
  Authorization scope;
  std::istringstream lines(to_sign);
  std::string line;
  for (int i = 0; i < 3; ++i) std::getline(lines, line);
  scope.date = line.substr(0, 8);
  scope.region = text_of(context, "region");
  scope.service = text_of(context, "service", text_of(context, "signing_name"));
  CHECK(scope.scope() == line);
  return scope;
}

std::string date_of(const std::string& to_sign) {
  std::istringstream lines(to_sign);
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  return line;
}

void check_form(const Json& vector, const Json& form, net::ServerRequest request) {
  const Json& context = vector.at("context");
  const auto canonical = text_of(form, "canonical_request");
  const auto to_sign = text_of(form, "string_to_sign");
  const auto [names, hash] = tail_of(canonical);
  CHECK(hash == sha256_hex(request.body));
  const auto path = context.at("normalize") == true ? PathForm::normalized : PathForm::as_sent;
  CHECK(canonical_request(request, names_of(names), hash, path) == canonical);
  const auto scope = scope_of(context, to_sign);
  CHECK(string_to_sign(date_of(to_sign), scope.scope(), canonical) == to_sign);
  const auto secret = text_of(context.at("credentials"), "secret_access_key");
  CHECK(signature_of(secret, scope, to_sign) == text_of(form, "signature"));
}

/// The query as it was signed: all of it but the signature, and a token that is added afterwards.
std::string without_signature(const std::string& query, bool omit_token) {
  std::string kept;
  std::istringstream parts(query);
  for (std::string part; std::getline(parts, part, '&');) {
    if (part.starts_with("X-Amz-Signature=")) continue;
    if (omit_token && part.starts_with("X-Amz-Security-Token=")) continue;
    kept += (kept.empty() ? "" : "&") + part;
  }
  return kept;
}

TEST_CASE("every official vector gives its canonical request, string to sign and signature",
          "[contract]") {
  const auto file = test::shared_contract("aws-sigv4-vectors.json");
  if (!file) return;
  REQUIRE(file->at("vectors").size() == 38);
  for (const auto& vector : file->at("vectors")) {
    CAPTURE(text_of(vector, "name"));
    const bool omit_token = vector.at("context").value("omit_session_token", false);
    auto by_header = read_request(text_of(vector.at("header"), "signed_request"));
    const auto authorization = read_authorization(by_header.headers.value("Authorization"));
    REQUIRE(authorization.has_value());
    CHECK(authorization->signature == text_of(vector.at("header"), "signature"));
    check_form(vector, vector.at("header"), by_header);
    auto by_query = read_request(text_of(vector.at("query"), "signed_request"));
    by_query.query = without_signature(by_query.query, omit_token);
    check_form(vector, vector.at("query"), by_query);
  }
}

TEST_CASE("the calls of Marketplace and SQS are signed as computed for them", "[contract]") {
  const auto file = test::shared_contract("aws-sigv4-vectors.json");
  if (!file) return;
  REQUIRE(file->at("derived").size() == 5);
  for (const auto& vector : file->at("derived")) {
    CAPTURE(text_of(vector, "name"));
    const auto authorization = read_authorization(text_of(vector, "authorization"));
    REQUIRE(authorization.has_value());
    net::ServerRequest request;
    request.method = text_of(vector, "method");
    request.path = text_of(vector, "path");
    request.body = text_of(vector, "body");
    for (const auto& [name, value] : vector.at("headers").items())
      request.headers.set(name, value.get<std::string>());
    const auto canonical =
        canonical_request(request, authorization->signed_headers, sha256_hex(request.body));
    CHECK(canonical == text_of(vector, "canonical_request"));
    const auto to_sign =
        string_to_sign(request.headers.value("x-amz-date"), authorization->scope(), canonical);
    CHECK(to_sign == text_of(vector, "string_to_sign"));
    const auto secret = text_of(vector.at("credentials"), "secret_access_key");
    CHECK(signature_of(secret, *authorization, to_sign) == text_of(vector, "signature"));
  }
}

TEST_CASE("a broken Authorization header is refused with the part that is wrong") {
  const std::string scope = "Credential=A/20150830/us-east-1/sqs/aws4_request, ";
  const std::string signature = "Signature=" + std::string(64, 'a');
  CHECK(read_authorization("AWS4-HMAC-SHA256 " + scope + "SignedHeaders=host, " + signature));
  for (const auto& header :
       {std::string("Bearer x"), std::string("AWS4-HMAC-SHA256"),
        "AWS4-HMAC-SHA256 SignedHeaders=host, " + signature,
        "AWS4-HMAC-SHA256 " + scope + signature, "AWS4-HMAC-SHA256 " + scope + "SignedHeaders=host",
        "AWS4-HMAC-SHA256 Credential=A/20150830/sqs/aws4_request, SignedHeaders=host, " +
            signature}) {
    CAPTURE(header);
    CHECK_FALSE(read_authorization(header).has_value());
  }
}

}  // namespace
}  // namespace sequent::sandbox::aws
