#include "sandbox/aws/sigv4.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace sequent::sandbox::aws {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (true) {
    const auto to = text.find(at, from);
    parts.emplace_back(text.substr(from, to - from));
    if (to == std::string_view::npos) return parts;
    from = to + 1;
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Outer blanks go, inner runs of blanks become one.
std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out += blank ? ' ' : c;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string normalized(const std::string& path) {
  std::vector<std::string> kept;
  for (auto& segment : split(path, '/')) {
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      kept.push_back(std::move(segment));
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out;
  for (const auto& segment : kept) out += "/" + segment;
  const bool folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  return out.empty() || folder ? out + "/" : out;
}

// The path as it travelled is encoded once more, so that "%20" becomes "%2520".
std::string canonical_path(const std::string& path, PathForm form) {
  const std::string read = form == PathForm::normalized ? normalized(path) : path;
  std::string out;
  bool first = true;
  for (const auto& segment : split(read, '/')) {
    out += (first ? "" : "/") + net::percent_encode(segment);
    first = false;
  }
  return out.empty() ? "/" : out;
}

std::string canonical_query(const std::string& query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& part : split(query, '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    pairs.emplace_back(net::percent_encode(net::percent_decode(part.substr(0, equals))),
                       net::percent_encode(net::percent_decode(value)));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

std::string joined_values(const net::Headers& headers, const std::string& wanted) {
  std::string out;
  bool first = true;
  for (const auto& [name, value] : headers.all()) {
    if (lower(name) != wanted) continue;
    out += (first ? "" : ",") + squeezed(value);
    first = false;
  }
  return out;
}

std::string bytes_of_hex(const std::string& hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

std::unexpected<Error> malformed(const std::string& expected) {
  return fail(ErrorCode::invalid_request, "Authorization header: expected " + expected + ".");
}

}  // namespace

std::string Authorization::scope() const {
  return date + "/" + region + "/" + service + "/aws4_request";
}

Result<Authorization> read_authorization(std::string_view header) {
  if (!header.starts_with(algorithm) || header.size() == algorithm.size() ||
      header[algorithm.size()] != ' ')
    return malformed("the algorithm AWS4-HMAC-SHA256");
  Authorization read;
  for (const auto& part : split(header.substr(algorithm.size() + 1), ',')) {
    const auto text = squeezed(part);
    const auto equals = text.find('=');
    if (equals == std::string::npos) return malformed("name=value parts between commas");
    const auto name = text.substr(0, equals);
    const auto value = text.substr(equals + 1);
    if (name == "Signature") read.signature = value;
    if (name == "SignedHeaders") read.signed_headers = split(value, ';');
    if (name != "Credential") continue;
    const auto scope = split(value, '/');
    if (scope.size() != 5 || scope[4] != "aws4_request")
      return malformed("Credential=KEY/DATE/REGION/SERVICE/aws4_request");
    read.access_key_id = scope[0];
    read.date = scope[1];
    read.region = scope[2];
    read.service = scope[3];
  }
  if (read.access_key_id.empty()) return malformed("a Credential");
  if (read.signed_headers.empty()) return malformed("SignedHeaders");
  if (read.signature.size() != 64) return malformed("a Signature of 64 hexadecimal digits");
  return read;
}

std::string canonical_request(const net::ServerRequest& request,
                              const std::vector<std::string>& signed_headers,
                              std::string_view payload_hash, PathForm path) {
  std::string out = request.method + "\n" + canonical_path(request.path, path) + "\n" +
                    canonical_query(request.query) + "\n";
  std::string names;
  for (const auto& name : signed_headers) {
    out += name + ":" + joined_values(request.headers, name) + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  return out + "\n" + names + "\n" + std::string(payload_hash);
}

std::string string_to_sign(std::string_view amz_date, std::string_view scope,
                           std::string_view canonical_request) {
  return std::string(algorithm) + "\n" + std::string(amz_date) + "\n" + std::string(scope) + "\n" +
         sha256_hex(canonical_request);
}

std::string signature_of(std::string_view secret_access_key, const Authorization& scope,
                         std::string_view string_to_sign) {
  std::string key = "AWS4" + std::string(secret_access_key);
  for (const std::string_view part :
       {std::string_view(scope.date), std::string_view(scope.region),
        std::string_view(scope.service), std::string_view("aws4_request")})
    key = bytes_of_hex(hmac_sha256_hex(key, part));
  return hmac_sha256_hex(key, string_to_sign);
}

}  // namespace sequent::sandbox::aws
