#include "activities/langfuse/operation.hpp"

#include "activities/input.hpp"
#include "activities/json_api.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::langfuse {

using runtime::ActivityResult;
using runtime::Attempt;

boost::asio::awaitable<ActivityResult> LangfuseActivity::run(Attempt attempt, Json input) {
  if (input.is_object()) drop_nulls(input);
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  Call call;
  call.method = operation_.method;
  call.path = fill_path(operation_.path, input);
  if (call.method == "POST")
    call.body = std::move(input);
  else
    call.query = std::move(input);
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  auto answer = co_await client_->send(std::move(call));
  if (!answer && operation_.gone_is_done && answer.error().problem.status == 404)
    answer = Json::object();
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  if (operation_.output == nullptr) co_return std::move(*answer);
  co_return operation_.output(std::move(*answer));
}

Operation operation(std::string name, std::string method, std::string path, std::string summary,
                    Json input, Json output) {
  Operation operation;
  operation.spec.name = std::move(name);
  operation.spec.version = "1";
  operation.spec.provider = "langfuse";
  operation.spec.summary = std::move(summary);
  operation.spec.input_schema = std::move(input);
  operation.spec.output_schema = std::move(output);
  operation.spec.idempotent = true;
  operation.spec = compiled(std::move(operation.spec));
  operation.method = std::move(method);
  operation.path = std::move(path);
  return operation;
}

}  // namespace sequent::activities::langfuse
