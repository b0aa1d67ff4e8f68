#include "activities/aws/aws.hpp"
#include "activities/input.hpp"
#include "activities/outcomes.hpp"
#include "activities/schemas.hpp"

namespace sequent::activities::aws {

namespace {

runtime::ActivitySpec queue_spec(const AwsConfig& config, std::string name, std::string summary) {
  runtime::ActivitySpec spec;
  spec.name = std::move(name);
  spec.version = "1";
  spec.provider = "aws";
  spec.summary = std::move(summary);
  spec.input_schema = literal(R"json({
    "type": "object",
    "additionalProperties": false,
    "properties": {
      "QueueUrl": {
        "type": "string", "minLength": 1,
        "description": "absent: providers.aws.notifications.queueUrl of the node"
      }
    }
  })json");
  spec.output_schema = literal(R"({"type": "object"})");
  spec.idempotent = true;
  spec.timeout_ms = config.timeout_ms;
  return spec;
}

runtime::ActivitySpec receive_spec(const AwsConfig& config) {
  constexpr DurationMs longest_poll_ms = 20'000;
  auto spec = queue_spec(config, "aws.sqs.receive", "Takes messages from an SQS queue.");
  spec.input_schema["properties"].update(literal(R"json({
    "MaxNumberOfMessages": {"type": "integer", "minimum": 1, "maximum": 10},
    "WaitTimeSeconds": {"type": "integer", "minimum": 0, "maximum": 20},
    "VisibilityTimeout": {"type": "integer", "minimum": 0, "maximum": 43200}
  })json"));
  spec.output_schema = literal(R"json({
    "type": "object",
    "required": ["Messages"],
    "properties": {"Messages": {"type": "array", "items": {
      "type": "object",
      "required": ["MessageId", "ReceiptHandle", "Body"],
      "properties": {
        "MessageId": {"type": "string"},
        "ReceiptHandle": {"type": "string"},
        "Body": {"type": "string"},
        "Attributes": {"type": "object"}
      }
    }}}
  })json");
  spec.timeout_ms += longest_poll_ms;
  return compiled(std::move(spec));
}

runtime::ActivitySpec delete_spec(const AwsConfig& config) {
  auto spec =
      queue_spec(config, "aws.sqs.delete", "Deletes a received message from its SQS queue.");
  spec.input_schema["required"] = Json::array({"ReceiptHandle"});
  spec.input_schema["properties"]["ReceiptHandle"] =
      literal(R"({"type": "string", "minLength": 1})");
  return compiled(std::move(spec));
}

std::expected<Call, Failure> queue_call(const AwsConfig& config, const runtime::Attempt& attempt,
                                        std::string operation, Json input) {
  if (!input.contains("QueueUrl")) {
    if (config.notifications.queue_url.empty()) {
      Failure failure;
      failure.outcome = Outcome::permanent;
      failure.problem = provider_problem(
          "aws", ErrorKind::configuration, 400, "No queue",
          "expected QueueUrl in the input, or providers.aws.notifications.queueUrl on this node; "
          "found neither");
      return std::unexpected(std::move(failure));
    }
    input["QueueUrl"] = config.notifications.queue_url;
  }
  Call call;
  call.service = Service::sqs;
  call.operation = std::move(operation);
  call.body = std::move(input);
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  call.request_id = attempt.request_id;
  return call;
}

}  // namespace

SqsReceive::SqsReceive(std::shared_ptr<Client> client)
    : AwsActivity(receive_spec(client->config()), client) {}

boost::asio::awaitable<runtime::ActivityResult> SqsReceive::run(runtime::Attempt attempt,
                                                                Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  input["MessageSystemAttributeNames"] = Json::array({"All"});
  auto call = queue_call(client_->config(), attempt, "ReceiveMessage", std::move(input));
  if (!call) co_return std::unexpected(std::move(call.error()));
  auto answer = co_await client_->send(std::move(*call));
  if (answer && !answer->contains("Messages")) (*answer)["Messages"] = Json::array();
  co_return answer;
}

SqsDelete::SqsDelete(std::shared_ptr<Client> client)
    : AwsActivity(delete_spec(client->config()), client) {}

boost::asio::awaitable<runtime::ActivityResult> SqsDelete::run(runtime::Attempt attempt,
                                                               Json input) {
  if (auto refused = refused_input(spec(), input)) co_return std::unexpected(std::move(*refused));
  auto call = queue_call(client_->config(), attempt, "DeleteMessage", std::move(input));
  if (!call) co_return std::unexpected(std::move(call.error()));
  auto answer = co_await client_->send(std::move(*call));
  co_return answer;
}

}  // namespace sequent::activities::aws
