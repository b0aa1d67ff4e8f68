#include "tests/chaos/web.hpp"

#include <boost/asio/system_executor.hpp>
#include <future>

namespace sequent::chaos {

Json Reply::json() const {
  return Json::parse(body, nullptr, false).is_discarded() ? Json() : Json::parse(body);
}

Reply Web::send(const std::string& method, const std::string& url, const std::string& body,
                const net::Headers& headers, long timeout_ms) {
  net::ClientRequest request;
  request.method = method;
  request.url = url;
  request.headers = headers;
  if (!body.empty() && request.headers.find("Content-Type") == nullptr)
    request.headers.set("Content-Type", "application/json");
  request.body = body;
  request.timeout_ms = timeout_ms;
  request.connect_timeout_ms = 2'000;
  request.max_response_bytes = 256 << 20;
  // Without one, a request that was cut would be repeated behind our back.
  request.fresh_connection = method != "GET";
  std::promise<net::ClientResult> came;
  client_.send(std::move(request), boost::asio::system_executor{},
               [&came](net::ClientResult result) { came.set_value(std::move(result)); });
  auto result = came.get_future().get();  // every request has a time limit
  Reply reply;
  if (result) {
    reply.status = result->status;
    reply.headers = std::move(result->headers);
    reply.body = std::move(result->body);
  } else {
    reply.body = result.error().message;
  }
  return reply;
}

Reply Web::post(const std::string& url, const Json& body) {
  return send("POST", url, body.dump());
}

}  // namespace sequent::chaos
