#pragma once
// Langfuse's plain calls as activities: one request each, any number of times.
#include <memory>
#include <string>
#include <vector>

#include "activities/langfuse/client.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::langfuse {

struct Operation {
  runtime::ActivitySpec spec;
  std::string method;
  std::string path;           // "/api/public/traces/{traceId}": the input's member `traceId`
  bool gone_is_done = false;  // 404 is what was wanted
  Json (*output)(Json answer) = nullptr;
};
using Operations = std::vector<Operation>;

/// langfuse.<resource>.<verb>.
/// shape   input: Langfuse's parameters under their own names; null members count as absent
/// errors  see client.hpp
class LangfuseActivity final : public runtime::Activity {
 public:
  LangfuseActivity(Operation operation, std::shared_ptr<Client> client)
      : operation_(std::move(operation)), client_(std::move(client)) {}

  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return operation_.spec; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;

 private:
  Operation operation_;
  std::shared_ptr<Client> client_;
};

[[nodiscard]] Operation operation(std::string name, std::string method, std::string path,
                                  std::string summary, Json input, Json output);

}  // namespace sequent::activities::langfuse
