#include "api/principal.hpp"

namespace sequent::api {

std::string_view name_of(Role role) {
  switch (role) {
    case Role::none:
      return "none";
    case Role::anyone:
      return "anyone";
    case Role::starter:
      return "starter";
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::admin:
      return "admin";
  }
  return "none";
}

bool may(Role has, Role needs) {
  switch (needs) {
    case Role::none:
    case Role::anyone:
      return true;
    case Role::starter:
      return has == Role::starter || has == Role::operator_ || has == Role::admin;
    case Role::viewer:
      return has == Role::viewer || has == Role::operator_ || has == Role::admin;
    case Role::operator_:
      return has == Role::operator_ || has == Role::admin;
    case Role::admin:
      return has == Role::admin;
  }
  return false;
}

}  // namespace sequent::api
