#pragma once
// Stripe's activities against a local server.
#include <string>

#include "activities/stripe/resources.hpp"
#include "tests/activities/support.hpp"

namespace sequent::tests {

struct StripeBench {
  Bench bench;
  runtime::ActivityRegistry registry;

  explicit StripeBench(Answer answer, activities::StripeConfig config = {});

  runtime::Activity& activity(const std::string& name);
  /// Runs an activity whose input must be valid.
  runtime::ActivityResult call(const std::string& name, const Json& input,
                               const runtime::Attempt& attempt = first_attempt());
  runtime::Reconciliation look(const std::string& name, const Json& input,
                               const runtime::Attempt& attempt = first_attempt());
  [[nodiscard]] const net::ServerRequest& request(std::size_t index) const {
    return bench.requests().at(index);
  }
};

/// A day later: the key of `first_attempt()` protects no more.
[[nodiscard]] runtime::Attempt next_day();

/// A form or query as name -> value, decoded.
[[nodiscard]] Json decoded(const std::string& form);
[[nodiscard]] net::ServerResponse stripe_error(int status, const Json& error);
[[nodiscard]] net::ServerResponse stripe_list(const Json& data, bool has_more = false);

}  // namespace sequent::tests
