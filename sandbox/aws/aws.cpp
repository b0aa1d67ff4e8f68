#include "sandbox/aws/aws.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/digest.hpp"
#include "sandbox/aws/sigv4.hpp"

namespace sequent::sandbox::aws {

namespace {

constexpr DurationMs max_skew_ms = 300'000;

struct Service {
  std::string_view prefix;  // of the target
  std::string_view signing_name;
  std::string_view content_type;
  std::string_view error_namespace;
  std::string_view throttled;  // codes of what goes wrong on the server's side
  std::string_view broken;
};

constexpr std::array<Service, 3> services = {
    {{"AWSMPMeteringService.", "aws-marketplace", "application/x-amz-json-1.1",
      "com.amazonaws.marketplace.metering#", "ThrottlingException",
      "InternalServiceErrorException"},
     {"AWSMPEntitlementService.", "aws-marketplace", "application/x-amz-json-1.1",
      "com.amazonaws.marketplace.entitlement#", "ThrottlingException",
      "InternalServiceErrorException"},
     {"AmazonSQS.", "sqs", "application/x-amz-json-1.0", "com.amazonaws.sqs#", "RequestThrottled",
      "InternalError"}}};

const Service* service_of(std::string_view target) {
  for (const auto& service : services)
    if (target.starts_with(service.prefix)) return &service;
  return nullptr;
}

// "20150830T123600Z"
std::optional<Timestamp> time_of(const std::string& amz_date) {
  if (amz_date.size() != 16 || amz_date[8] != 'T' || amz_date[15] != 'Z') return std::nullopt;
  const auto part = [&](std::size_t from, std::size_t size) { return amz_date.substr(from, size); };
  return parse_time(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(9, 2) + ":" +
                    part(11, 2) + ":" + part(13, 2) + "Z");
}

std::string date_header(Timestamp now) {
  auto text = format_time(now - now % 1'000);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text.substr(0, 15) + "Z";
}

bool contains(const std::vector<std::string>& names, std::string_view wanted) {
  return std::find(names.begin(), names.end(), wanted) != names.end();
}

Reply json_reply(const Json& body, std::string_view content_type, const std::string& request_id) {
  Reply reply;
  reply.response.headers.set("Content-Type", std::string(content_type));
  reply.response.headers.set("x-amzn-RequestId", request_id);
  reply.response.body = dump_json(body);
  return reply;
}

}  // namespace

struct AwsStandIn::Call {
  const net::ServerRequest& http;
  Timestamp now = 0;       // of the stand-in, which administration may have advanced
  Timestamp real_now = 0;  // of the world, in which clients sign
  CallFaults faults;
  std::string target;
  std::string request_id;
  const Service* service = nullptr;
  std::optional<std::uint64_t> ticket;  // set: the answer comes later
};

AwsStandIn::AwsStandIn(AwsOptions options, Timestamp now)
    : options_(std::move(options)),
      controls_(options_.seed),
      marketplace_(options_.seed),
      queues_(options_.seed),
      random_(options_.seed) {
  start_afresh(now);
}

void AwsStandIn::start_afresh(Timestamp) {
  controls_ = Controls(options_.seed);
  marketplace_ = Marketplace(options_.seed);
  queues_ = Queues(options_.seed + 1);
  random_ = Random(options_.seed + 2);
  temporary_.clear();
  waiting_.clear();
  temporary_ttl_ms_ = 3'600'000;
  Queue queue;
  queue.name = notification_queue;
  static_cast<void>(queues_.create(std::move(queue)));  // there is no other yet
}

Reply AwsStandIn::handle(const net::ServerRequest& request, Timestamp real_now) {
  const auto now = real_now + controls_.clock_offset;
  if (request.path.starts_with("/_sandbox/")) return handle_admin(request, now);
  if (request.path == "/credentials") return hand_out_credentials(request, now);
  return handle_call(request, real_now);
}

Reply AwsStandIn::handle_call(const net::ServerRequest& request, Timestamp real_now) {
  Call call{.http = request,
            .now = real_now + controls_.clock_offset,
            .real_now = real_now,
            .target = request.headers.value("X-Amz-Target"),
            .request_id = random_.id("", 32)};
  call.service = service_of(call.target);
  net::ServerRequest named;
  named.method = request.method;
  named.path = "/" + call.target;
  call.faults = controls_.take(named, call.now);
  auto decided = reply_without_effect(call.faults);
  Reply reply = decided ? std::move(*decided) : serve(call);
  if (call.ticket) {
    reply.delivery = Delivery::later;
    reply.ticket = *call.ticket;
  } else if (!decided) {
    spoil(reply, call.faults);
  }
  CallSeen seen;
  seen.method = request.method;
  seen.route = call.service == nullptr ? "(unknown)" : call.target;
  seen.answered = reply.delivery == Delivery::answer || call.ticket.has_value();
  seen.status = seen.answered ? reply.response.status : 0;
  controls_.calls.saw(seen);
  return reply;
}

Reply AwsStandIn::serve(Call& call) {
  if (call.service == nullptr || call.http.method != "POST")
    return refused(call, {"UnknownOperationException", "", 404});
  if (const auto signature = check_signature(call); !signature)
    return refused(call, signature.error());
  if (call.http.headers.value("Content-Type") != call.service->content_type)
    return refused(call, {"UnknownOperationException",
                          "expected Content-Type " + std::string(call.service->content_type), 404});
  const auto& fault = call.faults.main;
  if (fault && fault->kind == FaultKind::rate_limit)
    return refused(call, {std::string(call.service->throttled), "Rate exceeded"});
  const auto body = parse_json(call.http.body);
  if (!body || !body->is_object())
    return refused(call, {"SerializationException", "Unable to parse the request body as JSON."});
  const bool broken = fault && fault->kind == FaultKind::server_error;
  const AwsError breakdown{std::string(call.service->broken), "Internal error", 500};
  if (broken && !fault->effect) return refused(call, breakdown);
  const auto answer = run(call, *body);
  if (broken) {
    call.ticket.reset();
    return refused(call, breakdown);
  }
  if (!answer) return refused(call, answer.error());
  return json_reply(*answer, call.service->content_type, call.request_id);
}

Answer<std::string> AwsStandIn::secret_of(const Call& call, const std::string& key) const {
  const auto token = call.http.headers.value("X-Amz-Security-Token");
  if (key == options_.access_key_id && token.empty()) return options_.secret_access_key;
  const auto found = temporary_.find(key);
  if (found == temporary_.end() || found->second.token != token)
    return refuse("UnrecognizedClientException",
                  "The security token included in the request is invalid.",
                  call.service->signing_name == "sqs" ? 403 : 400);
  if (found->second.expires_at <= call.now)
    return refuse("ExpiredTokenException", "The security token included in the request is expired",
                  call.service->signing_name == "sqs" ? 403 : 400);
  return found->second.secret_access_key;
}

Answer<void> AwsStandIn::check_signature(const Call& call) const {
  const auto* header = call.http.headers.find("Authorization");
  if (header == nullptr)
    return refuse("MissingAuthenticationTokenException", "Missing Authentication Token", 403);
  const auto read = read_authorization(*header);
  if (!read) return refuse("IncompleteSignatureException", read.error().detail);
  const auto secret = secret_of(call, read->access_key_id);
  if (!secret) return std::unexpected(secret.error());
  const bool sqs = call.service->signing_name == "sqs";
  const auto invalid = [&](const std::string& why) {
    return refuse(sqs ? "SignatureDoesNotMatch" : "InvalidSignatureException", why,
                  sqs ? 403 : 400);
  };
  if (read->region != options_.region || read->service != call.service->signing_name)
    return invalid("Credential should be scoped to a valid region and to the service '" +
                   std::string(call.service->signing_name) + "'.");
  const auto date = call.http.headers.value("X-Amz-Date");
  const auto signed_at = time_of(date);
  if (!signed_at || !date.starts_with(read->date))
    return invalid("Date in Credential scope does not match the date of the request.");
  // Signatures are made with the world's clock, whatever administration did to ours.
  if (*signed_at < call.real_now - max_skew_ms)
    return invalid("Signature expired: " + date + " is now earlier than " +
                   date_header(call.real_now - max_skew_ms));
  if (*signed_at > call.real_now + max_skew_ms)
    return invalid("Signature not yet current: " + date + " is still later than " +
                   date_header(call.real_now + max_skew_ms));
  for (const auto& [name, value] : call.http.headers.all()) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool must = lower == "host" || lower.starts_with("x-amz-");
    if (must && !contains(read->signed_headers, lower))
      return invalid("'" + lower + "' must be a signed header.");
  }
  const auto canonical =
      canonical_request(call.http, read->signed_headers, sha256_hex(call.http.body));
  const auto expected =
      signature_of(*secret, *read, string_to_sign(date, read->scope(), canonical));
  if (!equal_constant_time(expected, read->signature))
    return invalid(
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method.");
  return {};
}

Answer<Json> AwsStandIn::run(Call& call, const Json& body) {
  const auto operation = call.target.substr(call.service->prefix.size());
  if (call.service == &services[0]) {
    if (operation == "ResolveCustomer") return marketplace_.resolve_customer(body, call.now);
    if (operation == "BatchMeterUsage") return marketplace_.batch_meter_usage(body, call.now);
  }
  if (call.service == &services[1] && operation == "GetEntitlements")
    return marketplace_.get_entitlements(body);
  if (call.service == &services[2]) {
    if (operation == "SendMessage") return queues_.send(body, call.now);
    if (operation == "ReceiveMessage") return receive(call, body);
    if (operation == "DeleteMessage") return queues_.remove(body);
    if (operation == "ChangeMessageVisibility") return queues_.change_visibility(body, call.now);
  }
  return refuse("UnknownOperationException", "", 404);
}

Answer<Json> AwsStandIn::receive(Call& call, const Json& body) {
  const auto wanted = queues_.read_receive(body, call.now);
  if (!wanted) return std::unexpected(wanted.error());
  Json found = queues_.take(*wanted, call.now);
  if (found.empty() && wanted->until > call.now) {
    call.ticket = ++last_ticket_;
    waiting_[last_ticket_] = Waiting{*wanted, call.faults};
  }
  return found;
}

std::optional<Reply> AwsStandIn::resume(std::uint64_t ticket, Timestamp real_now) {
  const auto now = real_now + controls_.clock_offset;
  const auto found = waiting_.find(ticket);
  Json messages = Json::object();
  CallFaults faults;
  if (found != waiting_.end()) {  // else a reset has ended the wait
    messages = queues_.take(found->second.receive, now);
    if (messages.empty() && found->second.receive.until > now) return std::nullopt;
    faults = found->second.faults;
    waiting_.erase(found);
  }
  Reply reply = json_reply(messages, services[2].content_type, random_.id("", 32));
  spoil(reply, faults);
  return reply;
}

// The real services spell errors in several ways; clients must read all of them.
Reply AwsStandIn::refused(const Call& call, const AwsError& error) {
  ++refusals_;
  const bool long_form = refusals_ % 2 == 0;
  const auto prefix =
      long_form && call.service != nullptr ? std::string(call.service->error_namespace) : "";
  Json body{{"__type", prefix + error.code}};
  body[refusals_ % 3 == 0 ? "Message" : "message"] = error.message;
  Reply reply = json_reply(
      body, call.service == nullptr ? "application/x-amz-json-1.1" : call.service->content_type,
      call.request_id);
  reply.response.status = error.status;
  reply.response.headers.set(
      "x-amzn-ErrorType",
      long_form ? error.code + ":http://internal.amazon.com/coral/com.amazon.coral.service/"
                : error.code);
  if (error.code == "QueueDoesNotExist")
    reply.response.headers.set("x-amzn-query-error",
                               "AWS.SimpleQueueService.NonExistentQueue;Sender");
  return reply;
}

Reply AwsStandIn::hand_out_credentials(const net::ServerRequest& request, Timestamp now) {
  const auto faults = controls_.take(request, now);
  if (auto decided = reply_without_effect(faults)) return std::move(*decided);
  Reply reply;
  reply.response.headers.set("Content-Type", "application/json");
  if (request.headers.value("Authorization") != options_.container_token) {
    reply.response.status = 403;
    reply.response.body = R"({"code":"AccessDenied","message":"expected the container's token"})";
    return reply;
  }
  const auto key = random_.id("ASIA", 16);
  Temporary& made = temporary_[key];
  made = Temporary{random_.id("", 40), random_.id("IQoJ", 120) + "==", now + temporary_ttl_ms_};
  reply.response.body = dump_json({{"AccessKeyId", key},
                                   {"SecretAccessKey", made.secret_access_key},
                                   {"Token", made.token},
                                   {"Expiration", format_time(made.expires_at)}});
  spoil(reply, faults);
  return reply;
}

}  // namespace sequent::sandbox::aws
