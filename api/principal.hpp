#pragma once
// Who asks, and what they may do.
#include <cstdint>
#include <string>
#include <string_view>

namespace sequent::api {

/// What a route asks for, and what a principal has.
enum class Role : std::uint8_t {
  none,     // a route for everybody: health, documentation, webhooks (which are signed)
  anyone,   // a route for every principal, whatever the role
  starter,  // starts runs and sends events
  viewer,   // reads
  operator_,
  admin,
};
[[nodiscard]] std::string_view name_of(Role role);
/// Operators start and read, admins do everything; starters don't read and viewers don't start.
[[nodiscard]] bool may(Role has, Role needs);

struct Principal {
  std::string name = "anonymous";
  Role role = Role::admin;
};

}  // namespace sequent::api
