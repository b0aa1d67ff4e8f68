#include "sandbox/aws/queues.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace sequent::sandbox::aws {

namespace {

constexpr std::int64_t max_visibility_seconds = 43'200;
constexpr std::int64_t max_wait_seconds = 20;
constexpr std::int64_t max_messages = 10;
constexpr std::size_t max_body_bytes = 1 << 20;

std::string queue_name(const Json& request) {
  const auto url = text_of(request, "QueueUrl");
  return url.substr(url.rfind('/') + 1);
}

Answer<std::string> known_queue(const Json& request, const std::map<std::string, Queue>& queues) {
  if (text_of(request, "QueueUrl").empty())
    return refuse("MissingParameter", "The request must contain the parameter QueueUrl.");
  auto name = queue_name(request);
  if (!queues.contains(name))
    return refuse("QueueDoesNotExist", "The specified queue does not exist.");
  return name;
}

Answer<std::int64_t> whole_parameter(const Json& request, const char* name, std::int64_t least,
                                     std::int64_t most, std::int64_t fallback) {
  const auto found = request.find(name);
  if (found == request.end() || found->is_null()) return fallback;
  if (found->is_number_integer() && *found >= least && *found <= most)
    return found->get<std::int64_t>();
  return refuse("InvalidParameterValue",
                "Value " + dump_json(*found) + " for parameter " + name +
                    " is invalid. Reason: Must be >= " + std::to_string(least) +
                    " and <= " + std::to_string(most) + ", if provided.");
}

bool names_any(const Json& request, const char* name) {
  const auto found = request.find(name);
  return found != request.end() && found->is_array() && !found->empty();
}

Json message_json(const Message& message, const std::string& handle, bool with_attributes) {
  Json json{{"MessageId", message.id},
            {"ReceiptHandle", handle},
            {"MD5OfBody", md5_hex(message.body)},
            {"Body", message.body}};
  if (with_attributes)
    json["Attributes"] = {
        {"SentTimestamp", std::to_string(message.sent_at)},
        {"ApproximateReceiveCount", std::to_string(message.receives)},
        {"ApproximateFirstReceiveTimestamp", std::to_string(message.first_received_at)}};
  return json;
}

}  // namespace

std::string md5_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_md5(), nullptr);
  SEQUENT_ASSERT(done == 1);
  std::string hex;
  for (unsigned i = 0; i < length; ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    hex += digits[digest[i] >> 4];
    hex += digits[digest[i] & 15];
  }
  return hex;
}

Result<void> Queues::create(Queue queue) {
  const auto name = queue.name;
  if (queues_.emplace(name, std::move(queue)).second) return {};
  return fail(ErrorCode::conflict, "a queue \"" + name + "\" exists already");
}

std::string Queues::put(const std::string& queue, std::string body, Timestamp now) {
  SEQUENT_ASSERT(queues_.contains(queue));
  Message message;
  message.id = random_.id("msg-", 24);
  message.body = std::move(body);
  message.sent_at = now;
  message.visible_at = now;
  auto& messages = queues_.at(queue).messages;
  messages.push_back(std::move(message));
  return messages.back().id;
}

Answer<Json> Queues::send(const Json& request, Timestamp now) {
  const auto name = known_queue(request, queues_);
  if (!name) return std::unexpected(name.error());
  const auto body = text_of(request, "MessageBody");
  if (body.empty())
    return refuse("MissingParameter", "The request must contain the parameter MessageBody.");
  if (body.size() > max_body_bytes)
    return refuse("InvalidParameterValue",
                  "One or more parameters are invalid. Reason: Message "
                  "must be shorter than 1048576 bytes.");
  const auto delay = whole_parameter(request, "DelaySeconds", 0, 900, 0);
  if (!delay) return std::unexpected(delay.error());
  const auto id = put(*name, body, now);
  queues_.at(*name).messages.back().visible_at += *delay * 1'000;
  return Json{{"MessageId", id}, {"MD5OfMessageBody", md5_hex(body)}};
}

Answer<Receive> Queues::read_receive(const Json& request, Timestamp now) const {
  const auto name = known_queue(request, queues_);
  if (!name) return std::unexpected(name.error());
  const auto most = whole_parameter(request, "MaxNumberOfMessages", 1, max_messages, 1);
  if (!most) return std::unexpected(most.error());
  const auto visibility = whole_parameter(request, "VisibilityTimeout", 0, max_visibility_seconds,
                                          queues_.at(*name).visibility_ms / 1'000);
  if (!visibility) return std::unexpected(visibility.error());
  const auto wait = whole_parameter(request, "WaitTimeSeconds", 0, max_wait_seconds, 0);
  if (!wait) return std::unexpected(wait.error());
  Receive receive;
  receive.queue = *name;
  receive.most = static_cast<std::size_t>(*most);
  receive.visibility_ms = *visibility * 1'000;
  receive.until = now + *wait * 1'000;
  receive.with_attributes =
      names_any(request, "AttributeNames") || names_any(request, "MessageSystemAttributeNames");
  return receive;
}

Json Queues::take(const Receive& receive, Timestamp now) {
  Queue& queue = queues_.at(receive.queue);
  const auto is_spent = [&](const Message& message) {
    return queue.max_receives > 0 && message.visible_at <= now &&
           message.receives >= queue.max_receives;
  };
  std::copy_if(queue.messages.begin(), queue.messages.end(), std::back_inserter(queue.dead),
               is_spent);
  std::erase_if(queue.messages, is_spent);
  Json taken = Json::array();
  for (Message& message : queue.messages) {
    if (taken.size() == receive.most) break;
    if (message.visible_at > now) continue;
    message.visible_at = now + receive.visibility_ms;
    if (++message.receives == 1) message.first_received_at = now;
    const auto handle = random_.id("AQEB", 48);
    receipts_[handle] = Receipt{receive.queue, message.id, message.receives};
    taken.push_back(message_json(message, handle, receive.with_attributes));
  }
  if (taken.empty()) return Json::object();
  return Json{{"Messages", std::move(taken)}};
}

Answer<Queues::Receipt> Queues::receipt_of(const Json& request) const {
  const auto name = known_queue(request, queues_);
  if (!name) return std::unexpected(name.error());
  const auto handle = text_of(request, "ReceiptHandle");
  const auto found = receipts_.find(handle);
  if (found == receipts_.end() || found->second.queue != *name)
    return refuse("ReceiptHandleIsInvalid",
                  "The input receipt handle \"" + handle + "\" is not a valid receipt handle.");
  return found->second;
}

// Nothing for a stale handle: the message was received again since, or it is gone.
Message* Queues::find(const Receipt& receipt) {
  auto& messages = queues_.at(receipt.queue).messages;
  const auto found = std::find_if(messages.begin(), messages.end(), [&](const Message& message) {
    return message.id == receipt.message && message.receives == receipt.receive;
  });
  return found == messages.end() ? nullptr : &*found;
}

// A stale handle is no error, and deletes nothing: the message comes back.
Answer<Json> Queues::remove(const Json& request) {
  const auto receipt = receipt_of(request);
  if (!receipt) return std::unexpected(receipt.error());
  if (find(*receipt) != nullptr)
    std::erase_if(queues_.at(receipt->queue).messages,
                  [&](const Message& message) { return message.id == receipt->message; });
  return Json::object();
}

Answer<Json> Queues::change_visibility(const Json& request, Timestamp now) {
  const auto receipt = receipt_of(request);
  if (!receipt) return std::unexpected(receipt.error());
  if (!request.contains("VisibilityTimeout"))
    return refuse("MissingParameter", "The request must contain the parameter VisibilityTimeout.");
  const auto seconds = whole_parameter(request, "VisibilityTimeout", 0, max_visibility_seconds, 0);
  if (!seconds) return std::unexpected(seconds.error());
  Message* const message = find(*receipt);
  if (message == nullptr || message->visible_at <= now)
    return refuse("MessageNotInflight", "The specified message isn't in flight.");
  message->visible_at = now + *seconds * 1'000;
  return Json::object();
}

std::optional<Timestamp> Queues::next_visible(const std::string& queue) const {
  const auto found = queues_.find(queue);
  if (found == queues_.end() || found->second.messages.empty()) return std::nullopt;
  return std::ranges::min_element(found->second.messages, {}, &Message::visible_at)->visible_at;
}

Json Queues::to_json(Timestamp now) const {
  Json all = Json::object();
  for (const auto& [name, queue] : queues_) {
    Json messages = Json::array();
    for (const auto& message : queue.messages)
      messages.push_back({{"id", message.id},
                          {"body", message.body},
                          {"receives", message.receives},
                          {"visible", message.visible_at <= now}});
    all[name] = {{"count", queue.messages.size()},
                 {"messages", std::move(messages)},
                 {"deadLetters", queue.dead.size()}};
  }
  return all;
}

}  // namespace sequent::sandbox::aws
