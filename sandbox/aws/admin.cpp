// Administration of the AWS stand-in.
#include "sandbox/aws/aws.hpp"
#include "sandbox/aws/members.hpp"

namespace sequent::sandbox::aws {

namespace {

// What a topic puts into a queue that has not asked for raw delivery.
std::string envelope(const std::string& id, const std::string& product, const Json& notification,
                     Timestamp now) {
  return dump_json(
      {{"Type", "Notification"},
       {"MessageId", id},
       {"TopicArn",
        "arn:aws:sns:us-east-1:287250355862:aws-mp-subscription-notification-" + product},
       {"Message", dump_json(notification)},
       {"Timestamp", format_time(now)},
       {"SignatureVersion", "1"},
       {"Signature", "not-signed-by-the-sandbox"},
       {"SigningCertURL", "https://sns.us-east-1.amazonaws.com/SimpleNotificationService.pem"}});
}

}  // namespace

Reply AwsStandIn::handle_admin(const net::ServerRequest& request, Timestamp now) {
  if (auto reply = controls_.handle(request, now)) return std::move(*reply);
  const auto what = request.path.substr(std::string_view("/_sandbox/").size());
  if (request.method == "GET" && what == "state") {
    Json state = marketplace_.to_json();
    state["queues"] = queues_.to_json(now);
    return admin_answer(200, state);
  }
  if (request.method == "POST" && what == "reset") {
    start_afresh(now - controls_.clock_offset);
    return admin_answer(200, {{"reset", true}});
  }
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  Result<Json> done = fail(
      ErrorCode::not_found,
      "no such administration call: " + request.method + " " + request.path +
          ". Expected GET state, calls or faults; POST products, tokens, notifications, messages, "
          "queues, entitlements, unprocessed, credentials, faults, clock or reset; DELETE faults "
          "or faults/{id}");
  if (request.method == "POST") {
    if (auto posted = admin_post(what, *body, now);
        posted || posted.error().code != ErrorCode::not_found)
      done = std::move(posted);
  }
  if (!done) return admin_mistake(done.error());
  return admin_answer(201, *done);
}

Result<Json> AwsStandIn::admin_post(const std::string& what, const Json& body, Timestamp now) {
  if (what == "products") return marketplace_.add_product(body);
  if (what == "tokens") return marketplace_.add_token(body, now);
  if (what == "entitlements") return marketplace_.add_entitlement(body, now);
  if (what == "unprocessed") return marketplace_.leave_unprocessed(body);
  if (what == "notifications") return admin_notify(body, now);
  if (what == "messages") return admin_message(body, now);
  if (what == "queues") return admin_queue(body);
  if (what == "credentials") return admin_credentials(body);
  return fail(ErrorCode::not_found, what);
}

Result<Json> AwsStandIn::admin_notify(const Json& body, Timestamp now) {
  if (const auto known = only_members(body, {"action", "customerIdentifier", "offerIdentifier",
                                             "freeTrial", "raw", "copies", "queue"});
      !known)
    return std::unexpected(known.error());
  const auto queue = text_of(body, "queue", notification_queue);
  if (!queues_.has(queue)) return wrong_member(body, "queue", "the name of a queue");
  const auto copies = whole_member(body, "copies", 1, 100, 1);
  if (!copies) return std::unexpected(copies.error());
  const auto notification = marketplace_.notify(body, now);
  if (!notification) return notification;
  const bool raw = body.contains("raw") && body["raw"] == true;
  const auto id = random_.id("sns-", 24);
  const auto text = raw ? dump_json(*notification)
                        : envelope(id, text_of(*notification, "product-code"), *notification, now);
  Json ids = Json::array();
  for (std::int64_t i = 0; i < *copies; ++i) ids.push_back(queues_.put(queue, text, now));
  return Json{{"notification", *notification}, {"messageIds", ids}};
}

Result<Json> AwsStandIn::admin_message(const Json& body, Timestamp now) {
  if (const auto known = only_members(body, {"body", "queue"}); !known)
    return std::unexpected(known.error());
  const auto queue = text_of(body, "queue", notification_queue);
  if (!queues_.has(queue)) return wrong_member(body, "queue", "the name of a queue");
  if (!body.contains("body"))
    return wrong_member(body, "body", "a text, or JSON to be sent as one");
  const Json& content = body["body"];
  const auto text = content.is_string() ? content.get<std::string>() : dump_json(content);
  return Json{{"messageId", queues_.put(queue, text, now)}};
}

Result<Json> AwsStandIn::admin_queue(const Json& body) {
  if (const auto known = only_members(body, {"name", "visibilitySeconds", "maxReceives"}); !known)
    return std::unexpected(known.error());
  Queue queue;
  queue.name = text_of(body, "name");
  if (queue.name.empty() || queue.name.find('/') != std::string::npos)
    return wrong_member(body, "name", "a name without a slash");
  const auto visibility = whole_member(body, "visibilitySeconds", 0, 43'200, 30);
  if (!visibility) return std::unexpected(visibility.error());
  const auto receives = whole_member(body, "maxReceives", 0, 1'000, 0);
  if (!receives) return std::unexpected(receives.error());
  queue.visibility_ms = *visibility * 1'000;
  queue.max_receives = static_cast<int>(*receives);
  const auto path = "/" + std::string(queue_account) + "/" + queue.name;
  if (const auto created = queues_.create(std::move(queue)); !created)
    return std::unexpected(created.error());
  return Json{{"queuePath", path}};
}

Result<Json> AwsStandIn::admin_credentials(const Json& body) {
  if (const auto known = only_members(body, {"ttlSeconds"}); !known)
    return std::unexpected(known.error());
  const auto ttl = whole_member(body, "ttlSeconds", 1, 86'400, 3'600);
  if (!ttl) return std::unexpected(ttl.error());
  for (auto& [key, one] : temporary_) one.expires_at = 0;
  temporary_ttl_ms_ = *ttl * 1'000;
  return Json{{"ended", temporary_.size()}};
}

}  // namespace sequent::sandbox::aws
