#include "cli/live_world.hpp"

#include <algorithm>
#include <boost/asio.hpp>
#include <optional>

#include "base/assert.hpp"
#include "cli/client.hpp"
#include "crashtest/observe.hpp"
#include "crashtest/request.hpp"

namespace sequent::cli {
namespace {

namespace asio = boost::asio;

constexpr DurationMs get_patience_ms = 120'000;  // with an engine that was killed and comes back
constexpr DurationMs get_again_ms = 300;
constexpr long request_ms = 60'000;

std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  const auto host = scheme == std::string::npos ? 0 : scheme + 3;
  return url.substr(0, url.find('/', host));
}

net::ServerRequest get_request(const std::string& path) {
  net::ServerRequest request;
  request.method = "GET";
  request.path = path;
  request.headers.set("Accept", "application/json");
  return request;
}

// What changes when a run moves.
Json motion_of(const Json& runs) {
  Json motion = Json::array();
  for (const auto& run : runs)
    motion.push_back({run["id"], run["status"], run["updatedAt"], run["completedTasks"]});
  return motion;
}

}  // namespace

net::ServerResponse received(const net::ClientResponse& response) {
  net::ServerResponse out;
  out.status = response.status;
  out.headers = response.headers;
  out.body = response.body;
  return out;
}

LiveWorld::LiveWorld(const Session& session, std::map<std::string, std::string> addresses)
    : session_(session), addresses_(std::move(addresses)) {
  for (auto& [name, address] : addresses_) address = origin_of(address);
  addresses_["engine"] = server_of(session);
}

net::ClientRequest LiveWorld::client_request(const LiveRequest& request) const {
  const auto address = addresses_.find(request.to);
  SEQUENT_ASSERT(address != addresses_.end());  // the parser knows the stand-ins
  net::ClientRequest out;
  out.method = request.request.method;
  out.url = address->second + request.request.path;
  if (!request.request.query.empty()) out.url += "?" + request.request.query;
  out.headers = request.request.headers;
  out.body = request.request.body;
  out.timeout_ms = request_ms;
  out.max_response_bytes = 64 << 20;
  const bool api = request.to == "engine" && request.request.path.starts_with("/api/v1/");
  if (const auto token = session_.environment("SEQUENT_TOKEN");
      token && api && out.headers.find("Authorization") == nullptr)
    out.headers.set("Authorization", "Bearer " + *token);
  return out;
}

std::vector<net::ClientResult> LiveWorld::send(const std::vector<LiveRequest>& requests) const {
  asio::io_context io;
  net::HttpClient client;
  std::vector<std::optional<net::ClientResult>> came(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i)
    client.send(client_request(requests[i]), io.get_executor(),
                [&came, i](net::ClientResult result) { came[i] = std::move(result); });
  io.run();  // every request has a time limit, so this ends
  std::vector<net::ClientResult> results;
  for (auto& result : came) {
    SEQUENT_ASSERT(result.has_value());
    results.push_back(*std::move(result));
  }
  return results;
}

void LiveWorld::pause(DurationMs ms) const {
  asio::io_context io;
  asio::steady_timer timer{io, std::chrono::milliseconds(ms)};
  timer.wait();
}

Result<Json> LiveWorld::get(const std::string& to, const std::string& path) const {
  const Patience patience{get_patience_ms};
  while (true) {
    LiveRequest request;
    request.to = to;
    request.request = get_request(path.substr(0, path.find('?')));
    if (const auto question = path.find('?'); question != std::string::npos)
      request.request.query = path.substr(question + 1);
    const auto result = send({request}).front();
    if (!result && patience.over())
      return fail(ErrorCode::unavailable,
                  "Nobody answers at " + addresses_.at(to) + " (" + result.error().message +
                      "); does " + (to == "engine" ? "`sequent serve`" : "`sequent sandbox`") +
                      " run?");
    if (result && (result->status / 100 != 5 || patience.over())) {
      const auto body = crashtest::body_of(received(*result));
      if (result->status / 100 == 2) return body;
      return fail(result->status == 404 ? ErrorCode::not_found : ErrorCode::conflict,
                  "GET " + addresses_.at(to) + path + ": " + std::to_string(result->status) +
                      " with " + dump_json(body));
    }
    pause(get_again_ms);
  }
}

Result<Json> LiveWorld::runs() const {
  auto page = get("engine", "/api/v1/runs?limit=500");
  if (!page) return std::unexpected(page.error());
  return page->value("items", Json::array());
}

Result<Json> LiveWorld::records(const std::string& collection) const {
  const auto page =
      get("engine", "/api/v1/records/" + net::percent_encode(collection) + "?limit=500");
  if (!page && page.error().code == ErrorCode::not_found) return Json::array();
  if (!page) return std::unexpected(page.error());
  Json records = Json::array();
  for (const auto& record : page->value("items", Json::array()))
    records.push_back({{"key", record["key"]}, {"value", record["value"]}});
  return records;
}

Result<Json> LiveWorld::providers() const {
  Json providers = Json::object();
  for (const auto& entry : addresses_) {
    if (entry.first == "engine") continue;
    auto state = get(entry.first, "/_sandbox/state");
    if (!state) return std::unexpected(state.error());
    const auto calls = get(entry.first, "/_sandbox/calls");
    if (!calls) return std::unexpected(calls.error());
    providers[entry.first] = crashtest::observed_provider(std::move(*state), *calls);
  }
  return providers;
}

bool LiveWorld::at_rest(const Json& runs) {
  return std::all_of(runs.begin(), runs.end(), [](const Json& run) {
    if (!run["endedAt"].is_null()) return true;
    const Json waiting = run.value("waitingFor", Json());
    return waiting.is_object() && text_of(waiting, "kind") == "parked";
  });
}

Result<void> LiveWorld::settle(DurationMs quiet_ms, DurationMs longest_ms) const {
  const Patience longest{longest_ms};
  Patience quiet{quiet_ms};
  Json last;
  while (!quiet.over() && !longest.over()) {
    const auto now = runs();
    if (!now) return std::unexpected(now.error());
    auto motion = motion_of(*now);
    if (motion != last) quiet = Patience{quiet_ms};
    last = std::move(motion);
    pause(std::min<DurationMs>(quiet_ms, get_again_ms));
  }
  return {};
}

}  // namespace sequent::cli
