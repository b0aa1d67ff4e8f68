#pragma once
// What a batch would do to its runs, without doing it.
#include <map>

#include "api/context.hpp"

namespace sequent::api {

/// Of the runs that were looked at, newest first.
struct Outlook {
  struct Refusal {
    std::int64_t runs = 0;
    std::vector<std::string> examples;  // ids
  };
  struct Effect {
    std::int64_t runs = 0, times = 0;
  };
  std::int64_t looked = 0, accepted = 0;
  bool all = false;                         // false: there are more than could be looked at in time
  std::map<std::string, Refusal> refusals;  // by what the run would answer
  std::map<std::pair<std::string, std::string>, Effect> effects;  // by task and what it is
};
asio::awaitable<Outlook> outlook_of(Context& context, runtime::RepairBatch batch);
/// errors  unconfirmed: it has effects, or not all runs were looked at; with a finding for each effect
[[nodiscard]] Result<void> confirmed_by(const runtime::RepairBatch& batch, const Outlook& outlook);

/// The answer to a dry run.
asio::awaitable<Json> preview_batch(Context& context, runtime::RepairBatch batch);

}  // namespace sequent::api
