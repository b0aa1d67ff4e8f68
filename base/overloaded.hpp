#pragma once

namespace sequent {

/// One visitor from several lambdas; a new alternative fails to compile until it is handled.
template <class... Handlers>
struct overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
overloaded(Handlers...) -> overloaded<Handlers...>;

}  // namespace sequent
