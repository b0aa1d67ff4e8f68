#pragma once
// What a call's health is judged by: calls of one provider, for one account, of one class of
// operations live and fall together.
#include <compare>
#include <string>
#include <string_view>

#include "engine/definition/activity_spec.hpp"

namespace sequent::definition {

struct CircuitId {
  std::string provider;         // "stripe"; "http:api.example.com"
  std::string account;          // "acct_1", a host; "" = the platform's own; "*" = all of them
  std::string operation_class;  // "read", "write", or what the activity declares; "*" = all

  auto operator<=>(const CircuitId&) const = default;
  /// "stripe/acct_1/write"; stored as it is.
  [[nodiscard]] std::string text() const {
    return provider + "/" + account + "/" + operation_class;
  }
  /// For people: "stripe", "stripe/acct_1".
  [[nodiscard]] std::string name() const {
    return account.empty() || account == "*" ? provider : provider + "/" + account;
  }
  /// The provider as a whole, whichever account and class.
  [[nodiscard]] CircuitId whole() const { return {provider, "*", "*"}; }
  [[nodiscard]] bool is_whole() const { return account == "*" && operation_class == "*"; }
};

/// The reverse of CircuitId::text(); members stay empty where the text is none.
[[nodiscard]] CircuitId circuit_from(std::string_view text);

[[nodiscard]] CircuitId circuit_of(const ActivitySpec& spec, const Json& arguments);

}  // namespace sequent::definition
