#pragma once
// A scenario's request as HTTP.
#include "crashtest/scenario.hpp"
#include "net/http_message.hpp"

namespace sequent::crashtest {

/// Fills the expressions with what is `known` ({name of an earlier request: its answer's body}).
/// A request to the engine that may change something, or reaches a workflow's route, gets an
/// Idempotency-Key, so that a caller may repeat it.
/// errors  expression; invalid_request: what came out is no text where one is due
[[nodiscard]] Result<net::ServerRequest> fill_request(const Request& request,
                                                      const std::string& name,
                                                      const ScenarioFile& file, const Json& known,
                                                      Timestamp now);
/// JSON when it is some, else text.
[[nodiscard]] Json body_of(const net::ServerResponse& response);
/// {name in lower case: value, or the list of values of a header that came several times}
[[nodiscard]] Json headers_of(const net::ServerResponse& response);
/// What a caller takes from an answer: its body, or {location} of a redirect.
[[nodiscard]] Json told_by(const net::ServerResponse& response);

/// What callers in front of a node that comes and goes do: they ask again with the same key, unless
/// the status is the `expected` one, or none that time may change.
[[nodiscard]] bool worth_asking_again(std::optional<int> expected, int status);
/// errors  conflict: the status is not the `expected` one, or no 2xx when none is
[[nodiscard]] Result<void> check_status(std::optional<int> expected, int status, const Json& body);

}  // namespace sequent::crashtest
