#include "net/transfer.hpp"

#include <algorithm>
#include <string_view>

namespace sequent::net {
namespace {

constexpr std::size_t max_header_bytes = 256 << 10;
constexpr int max_redirects = 5;
using UrlHandle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  std::string& body = transfer.response.body;
  if (size > transfer.request.max_response_bytes - body.size()) {
    transfer.too_large = true;
    return 0;  // anything but `size` ends the transfer
  }
  body.append(data, size);
  return size;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.header_bytes += size;
  if (transfer.header_bytes > max_header_bytes) {
    transfer.too_large = true;
    return 0;
  }
  const std::string_view line{data, size};
  if (line.starts_with("HTTP/")) {
    // A 100, or the challenge before the answer: only the last answer counts.
    transfer.response.headers = Headers{};
    transfer.response.body.clear();
    return size;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  transfer.response.headers.add(std::string(trimmed(line.substr(0, colon))),
                                std::string(trimmed(line.substr(colon + 1))));
  return size;
}

bool is_clean(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::unexpected<TransportError> invalid(std::string message) {
  TransportError error;
  error.kind = TransportError::Kind::invalid;
  error.sent = false;
  error.message = std::move(message);
  return std::unexpected(std::move(error));
}

bool append(Transfer& transfer, const std::string& line) {
  curl_slist* const longer = curl_slist_append(transfer.header_list.get(), line.c_str());
  if (longer == nullptr) return false;
  static_cast<void>(transfer.header_list.release());
  transfer.header_list.reset(longer);
  return true;
}

std::expected<void, TransportError> set_headers(Transfer& transfer) {
  const Headers& headers = transfer.request.headers;
  transfer.header_list.reset();
  // Never wait a second for a 100. libcurl 7.88 signs this line for AWS although it sends none, and
  // waits only where a body is larger than a megabyte.
  bool fine = !transfer.request.aws_sigv4.empty() || append(transfer, "Expect:");
  if (headers.find("Content-Type") == nullptr) fine = fine && append(transfer, "Content-Type:");
  for (const auto& [name, value] : headers.all()) {
    if (name.empty() || !is_clean(name) || !is_clean(value) || name.find(':') != std::string::npos)
      return invalid("The header \"" + name.substr(0, name.find_first_of("\r\n")) +
                     "\" has a character that no header may have (CR, LF, NUL or a colon in its "
                     "name). Remove it.");
    // libcurl's own spelling for a header without a value is "Name;".
    fine = fine && append(transfer, value.empty() ? name + ";" : name + ": " + value);
  }
  if (!fine) return invalid("Out of memory while the headers were built.");
  curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.header_list.get());
  return {};
}

void set_method(Transfer& transfer) {
  CURL* const easy = transfer.easy;
  const std::string& method = transfer.request.method;
  const std::string& body = transfer.request.body;
  const bool wants_length = method == "POST" || method == "PUT" || method == "PATCH";
  if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  if (!body.empty() || wants_length) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());  // not copied: we own it
    if (method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
    return;
  }
  curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  if (method != "GET") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
}

void set_authentication(Transfer& transfer) {
  CURL* const easy = transfer.easy;
  const ClientRequest& request = transfer.request;
  const auto& user = request.digest_auth ? request.digest_auth : request.basic_auth;
  if (user) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, user->first.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, user->second.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH,
                     request.digest_auth ? CURLAUTH_DIGEST : CURLAUTH_BASIC);
  }
  if (!request.aws_sigv4.empty()) {
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, request.aws_sigv4.c_str());
  }
}

void set_connection(Transfer& transfer, const ClientLimits& limits) {
  CURL* const easy = transfer.easy;
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // the environment has no say
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  const bool fresh = transfer.request.fresh_connection;
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, fresh ? 1L : 0L);
  // Prefer a stream of a connection that is being made. Without TLS there is no HTTP/2 to hope for,
  // and libcurl would hold every other request to the host back until the first is answered.
  const bool multiplexed = !fresh && transfer.request.url.starts_with("https:");
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, multiplexed ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, limits.verify_tls ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, limits.verify_tls ? 2L : 0L);
  if (!limits.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, limits.ca_file.c_str());
}

std::string lowered(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Scheme, host and port of a URL; nothing when it is none.
std::string origin_of(const std::string& url) {
  const UrlHandle parsed{curl_url(), curl_url_cleanup};
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return {};
  std::string origin;
  for (const CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
    origin += text;
    origin += ' ';
    curl_free(text);
  }
  return lowered(origin);
}

// libcurl writes the credentials of the request into the redirect that it resolves.
std::string without_user(const std::string& url) {
  const UrlHandle parsed{curl_url(), curl_url_cleanup};
  const bool fine = parsed &&
                    curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
                    curl_url_set(parsed.get(), CURLUPART_USER, nullptr, 0) == CURLUE_OK &&
                    curl_url_set(parsed.get(), CURLUPART_PASSWORD, nullptr, 0) == CURLUE_OK;
  char* text = nullptr;
  if (!fine || curl_url_get(parsed.get(), CURLUPART_URL, &text, 0) != CURLUE_OK) return {};
  std::string bare = text;
  curl_free(text);
  return bare;
}

void drop_credentials(ClientRequest& request) {
  request.basic_auth.reset();
  request.digest_auth.reset();
  request.aws_sigv4.clear();
  // Keys travel in headers of any name ("x-api-key"), so only harmless ones go along.
  Headers kept;
  for (const auto& [name, value] : request.headers.all()) {
    const std::string key = lowered(name);
    if (key == "accept" || key == "accept-language" || key == "content-type" || key == "user-agent")
      kept.add(name, value);
  }
  request.headers = std::move(kept);
}

TransportError::Kind kind_of(CURLcode code) {
  using Kind = TransportError::Kind;
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
      return Kind::invalid;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Kind::resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_NO_CONNECTION_AVAILABLE:
      return Kind::connect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return Kind::tls;
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
      return Kind::send;
    case CURLE_OPERATION_TIMEDOUT:
      return Kind::timeout;
    case CURLE_FILESIZE_EXCEEDED:
      return Kind::too_large;
    case CURLE_ABORTED_BY_CALLBACK:
      return Kind::cancelled;
    default:  // libcurl's codes are open-ended; what is left happens while an answer is awaited
      return Kind::receive;
  }
}

// Some byte of the request may have left: libcurl counts them, whatever the error was. A connection
// that it found stale and replaced counts too, for the peer may have read from the first one.
bool was_sent(const Transfer& transfer) {
  if (transfer.reached_a_peer) return true;
  if (transfer.easy == nullptr) return false;
  long request_bytes = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  return request_bytes > 0;
}

// Where to, without path and query (they may hold secrets).
std::string peer_of(const Transfer& transfer) {
  const std::string origin = origin_of(transfer.request.url);
  if (origin.empty()) return "an invalid URL";
  const std::size_t first = origin.find(' ');
  const std::size_t second = origin.find(' ', first + 1);
  return origin.substr(first + 1, second - first - 1) + ":" +
         origin.substr(second + 1, origin.size() - second - 2);
}

TransportError error_of(const Transfer& transfer, CURLcode code) {
  TransportError error;
  error.kind = transfer.too_large ? TransportError::Kind::too_large : kind_of(code);
  error.sent = was_sent(transfer);
  // libcurl calls an answer that is no HTTP an unsupported protocol, as it calls a wrong URL.
  if (error.kind == TransportError::Kind::invalid && error.sent)
    error.kind = TransportError::Kind::receive;
  const char* const words =
      transfer.message[0] != '\0' ? transfer.message.data() : curl_easy_strerror(code);
  error.message = peer_of(transfer) + ": ";
  if (error.kind == TransportError::Kind::too_large) {
    error.message += "the answer is larger than the limit of " +
                     std::to_string(transfer.request.max_response_bytes) +
                     " bytes (header: " + std::to_string(max_header_bytes) + ")";
  } else {
    error.message += words;
  }
  return error;
}

}  // namespace

std::expected<void, TransportError> prepare(Transfer& transfer, const ClientLimits& limits) {
  CURL* const easy = transfer.easy;
  const ClientRequest& request = transfer.request;
  if (!is_clean(request.url) || origin_of(request.url).empty())
    return invalid("Expected an absolute http or https URL; this one can't be parsed.");
  const bool token = !request.method.empty() &&
                     std::all_of(request.method.begin(), request.method.end(),
                                 [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
  if (!token) return invalid("Expected an HTTP method in capitals, for instance GET or POST.");
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      transfer.deadline - std::chrono::steady_clock::now());
  transfer.response = ClientResponse{};
  transfer.header_bytes = 0;
  transfer.message[0] = '\0';
  set_connection(transfer, limits);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, std::max(1L, static_cast<long>(left.count())));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request.connect_timeout_ms);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "sequent");
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.message.data());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
  if (request.method != "HEAD" &&
      request.max_response_bytes > 0)  // its length has no body behind it
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                     static_cast<curl_off_t>(request.max_response_bytes));
  set_method(transfer);
  set_authentication(transfer);
  return set_headers(transfer);
}

bool follow_redirect(Transfer& transfer) {
  if (!transfer.request.follow_redirects || transfer.redirects >= max_redirects) return false;
  char* location = nullptr;
  curl_easy_getinfo(transfer.easy, CURLINFO_REDIRECT_URL, &location);
  if (location == nullptr) return false;
  const std::string next = without_user(location);
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  ClientRequest& request = transfer.request;
  // RFC 9110: 303 always becomes a GET, 301 and 302 turn a POST into one, 307 and 308 change nothing.
  const bool to_get = (status == 303 && request.method != "HEAD") ||
                      ((status == 301 || status == 302) && request.method == "POST");
  if (to_get) {
    request.method = "GET";
    request.body.clear();
    request.headers.remove("Content-Type");
  }
  if (origin_of(next) != origin_of(request.url)) drop_credentials(request);
  request.url = next;
  ++transfer.redirects;
  transfer.reached_a_peer = true;
  return true;
}

ClientResult outcome_of(Transfer& transfer, CURLcode code) {
  if (code != CURLE_OK) return std::unexpected(error_of(transfer, code));
  long status = 0;
  char* url = nullptr;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.easy, CURLINFO_EFFECTIVE_URL, &url);
  transfer.response.status = static_cast<int>(status);
  if (url != nullptr) transfer.response.effective_url = url;
  return std::move(transfer.response);
}

TransportError cancelled(const Transfer& transfer, std::string why) {
  TransportError error;
  error.kind = TransportError::Kind::cancelled;
  error.sent = was_sent(transfer);
  error.message = peer_of(transfer) + ": " + std::move(why);
  return error;
}

}  // namespace sequent::net
