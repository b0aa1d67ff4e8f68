#pragma once
// What went wrong between a command and its server, in words.
#include "cli/client.hpp"

namespace sequent::cli {

[[nodiscard]] Refusal unreachable(const std::string& server, net::TransportError::Kind kind,
                                  const std::string& message);
/// A status of 400 or more; `body` should be problem details.
[[nodiscard]] Refusal refused(const std::string& server, int status, const std::string& body);
/// Something answered that does not speak JSON.
[[nodiscard]] Refusal no_sequent(const std::string& server, int status);

}  // namespace sequent::cli
