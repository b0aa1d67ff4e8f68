#include "tests/sandbox_aws/support.hpp"

#include "base/digest.hpp"
#include "sandbox/aws/sigv4.hpp"

namespace sequent::sandbox {

namespace {

std::string amz_date(Timestamp at) {
  auto text = format_time(at - at % 1'000);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text.substr(0, 15) + "Z";
}

}  // namespace

HeaderMap AwsTest::headers(const std::string& target, const std::string& body,
                           const Signing& signing) const {
  const bool is_sqs = target.starts_with(sqs);
  HeaderMap headers{
      {"Host", "127.0.0.1:9"},
      {"Content-Type", is_sqs ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1"},
      {"X-Amz-Date", amz_date(caller.now + signing.skew_ms)},
      {"X-Amz-Target", target}};
  std::vector<std::string> names{"content-type", "host", "x-amz-date"};
  if (!signing.token.empty()) {
    headers["X-Amz-Security-Token"] = signing.token;
    names.push_back("x-amz-security-token");
  }
  names.push_back("x-amz-target");
  aws::Authorization scope;
  scope.date = headers["X-Amz-Date"].substr(0, 8);
  scope.region = signing.region;
  scope.service = !signing.service.empty() ? signing.service : is_sqs ? "sqs" : "aws-marketplace";
  net::ServerRequest request;
  request.method = "POST";
  request.path = "/";
  for (const auto& [name, value] : headers) request.headers.set(name, value);
  const auto canonical = aws::canonical_request(request, names, sha256_hex(body));
  const auto signature = aws::signature_of(
      signing.secret, scope, aws::string_to_sign(headers["X-Amz-Date"], scope.scope(), canonical));
  std::string joined;
  for (const auto& name : names) joined += (joined.empty() ? "" : ";") + name;
  headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=" + signing.key + "/" + scope.scope() +
                             ", SignedHeaders=" + joined + ", Signature=" + signature;
  return headers;
}

Answered AwsTest::call(const std::string& target, const Json& body, const Signing& signing) {
  const auto text = dump_json(body);
  return caller.call("POST", "/", text, headers(target, text, signing));
}

Json AwsTest::done(const std::string& target, const Json& body) {
  const auto answered = call(target, body);
  INFO(dump_json(answered.body));
  REQUIRE(answered.status == 200);
  return answered.body;
}

std::string AwsTest::refused(const std::string& target, const Json& body, const Signing& signing) {
  const auto answered = call(target, body, signing);
  INFO(dump_json(answered.body));
  REQUIRE(answered.status >= 400);
  return code_of(answered);
}

std::string code_of(const Answered& answered) {
  const auto type = text_of(answered.body, "__type");
  return type.substr(type.rfind('#') + 1);
}

}  // namespace sequent::sandbox
