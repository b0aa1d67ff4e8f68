#include "crashtest/signed.hpp"

#include <algorithm>
#include <cctype>

#include "base/assert.hpp"
#include "base/digest.hpp"
#include "sandbox/aws/sigv4.hpp"

namespace sequent::crashtest {
namespace {

// "2027-01-15T08:00:00.000Z" -> "20270115T080000Z"
std::string amz_date(Timestamp now) {
  std::string date;
  for (const char c : format_time(now).substr(0, 19))
    if (c != '-' && c != ':') date += c;
  return date + "Z";
}

std::string part_of(const std::string& text, int which) {
  std::size_t at = 0;
  for (; which > 0; --which) at = text.find(':', at) + 1;
  return text.substr(at, text.find(':', at) - at);
}

}  // namespace

void sign_for_aws(net::ServerRequest& received, const net::ClientRequest& request, Timestamp now) {
  SEQUENT_ASSERT(request.basic_auth.has_value());
  const auto date = amz_date(now);
  received.headers.set("X-Amz-Date", date);
  sandbox::aws::Authorization with;
  with.access_key_id = request.basic_auth->first;
  with.date = date.substr(0, 8);
  with.region = part_of(request.aws_sigv4, 2);  // "aws:amz:us-east-1:sqs"
  with.service = part_of(request.aws_sigv4, 3);
  for (const auto& [name, value] : received.headers.all()) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    with.signed_headers.push_back(std::move(lower));
  }
  std::ranges::sort(with.signed_headers);
  std::string names;
  for (const auto& name : with.signed_headers) names += (names.empty() ? "" : ";") + name;
  const auto canonical =
      sandbox::aws::canonical_request(received, with.signed_headers, sha256_hex(received.body));
  const auto signature =
      sandbox::aws::signature_of(request.basic_auth->second, with,
                                 sandbox::aws::string_to_sign(date, with.scope(), canonical));
  received.headers.set("Authorization", "AWS4-HMAC-SHA256 Credential=" + with.access_key_id + "/" +
                                            with.scope() + ", SignedHeaders=" + names +
                                            ", Signature=" + signature);
}

}  // namespace sequent::crashtest
