#include "cli/event_stream.hpp"

#include <curl/curl.h>

#include <memory>

#include "cli/client.hpp"
#include "cli/refusals.hpp"

namespace sequent::cli {
namespace {

constexpr std::size_t max_event_bytes = 1 << 20;

struct Hearing {
  EventStream events;
  CURL* curl = nullptr;
  std::string problem;  // the body of an answer that is no stream
  bool ended = false;   // by us
};

std::size_t on_bytes(char* bytes, std::size_t size, std::size_t count, void* user) {
  auto& hearing = *static_cast<Hearing*>(user);
  const std::string_view text{bytes, size * count};
  long status = 0;
  curl_easy_getinfo(hearing.curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) {
    if (hearing.problem.size() + text.size() > max_event_bytes) return 0;
    hearing.problem += text;
    return text.size();
  }
  if (hearing.events.feed(text)) return text.size();
  hearing.ended = true;
  return 0;
}

net::TransportError::Kind kind_of(CURLcode code) {
  using Kind = net::TransportError::Kind;
  if (code == CURLE_COULDNT_RESOLVE_HOST) return Kind::resolve;
  if (code == CURLE_COULDNT_CONNECT) return Kind::connect;
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR) return Kind::tls;
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) return Kind::invalid;
  if (code == CURLE_OPERATION_TIMEDOUT) return Kind::timeout;
  return Kind::receive;
}

}  // namespace

bool EventStream::feed(std::string_view bytes) {
  rest_ += bytes;
  std::size_t begin = 0;
  while (true) {
    const auto end = rest_.find('\n', begin);
    if (end == std::string::npos) break;
    if (!line(std::string_view(rest_).substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  rest_.erase(0, begin);
  return rest_.size() + data_.size() <= max_event_bytes;
}

bool EventStream::line(std::string_view text) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) {
    bool more = true;
    if (auto json = parse_json(data_); !data_.empty() && json)
      more = take_(name_.empty() ? "message" : name_, *json);
    name_.clear();
    data_.clear();
    return more;
  }
  const auto colon = std::min(text.find(':'), text.size());
  const auto field = text.substr(0, colon);
  auto value = text.substr(std::min(colon + 1, text.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") name_ = value;
  if (field == "data") data_ += (data_.empty() ? "" : "\n") + std::string(value);
  return true;
}

std::expected<void, Refusal> listen(const Session& session, const std::string& path,
                                    const EventStream::Take& take) {
  const std::string server = server_of(session);
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{curl_easy_init(),
                                                                 curl_easy_cleanup};
  curl_slist* list = curl_slist_append(nullptr, "Accept: text/event-stream");
  if (const auto token = session.environment("SEQUENT_TOKEN"))
    list = curl_slist_append(list, ("Authorization: Bearer " + *token).c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{list,
                                                                            curl_slist_free_all};
  Hearing hearing{EventStream{take}, curl.get(), {}, false};
  const std::string url = server + path;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT_MS, 5'000L);
  // The server sends a heartbeat every 15 s: a minute without one means that it is gone.
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_TIME, 60L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &hearing);
  const CURLcode code = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (hearing.ended) return {};
  if (status >= 400)
    return std::unexpected(refused(server, static_cast<int>(status), hearing.problem));
  if (code != CURLE_OK)
    return std::unexpected(unreachable(server, kind_of(code), curl_easy_strerror(code)));
  if (status != 200) return std::unexpected(no_sequent(server, static_cast<int>(status)));
  return {};
}

}  // namespace sequent::cli
