#pragma once
// HTTP as a caller has it who waits for each answer.
// threads  any, several at once
#include "base/json.hpp"
#include "net/http_client.hpp"

namespace sequent::chaos {

struct Reply {
  int status = 0;  // 0: no answer, `body` says why
  net::Headers headers;
  std::string body;
  [[nodiscard]] Json json() const;  // null when it is none
};

class Web {
 public:
  Reply send(const std::string& method, const std::string& url, const std::string& body = "",
             const net::Headers& headers = {}, long timeout_ms = 15'000);
  Reply get(const std::string& url) { return send("GET", url); }
  Reply post(const std::string& url, const Json& body);

 private:
  net::HttpClient client_{net::ClientLimits{.threads = 2}};
};

}  // namespace sequent::chaos
