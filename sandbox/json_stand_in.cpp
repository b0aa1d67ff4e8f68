#include "sandbox/json_stand_in.hpp"

namespace sequent::sandbox {

namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  std::size_t at = 1;
  while (at <= path.size()) {
    const auto slash = std::min(path.find('/', at), path.size());
    segments.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return segments;
}

}  // namespace

Reply json_reply(int status, const Json& body) {
  Reply reply;
  reply.response.status = status;
  reply.response.headers.set("Content-Type", "application/json; charset=utf-8");
  if (status != 204) reply.response.body = dump_json(body);
  return reply;
}

std::optional<std::vector<std::string>> match_path(std::string_view pattern,
                                                   std::string_view path) {
  const auto wanted = segments_of(pattern);
  const auto given = segments_of(path);
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> members;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{')) {
      if (given[i].empty()) return std::nullopt;
      members.push_back(net::percent_decode(given[i]));
    } else if (wanted[i] != given[i]) {
      return std::nullopt;
    }
  }
  return members;
}

std::string days_later(Timestamp at, int days) {
  return format_time(at + days * 86'400'000LL);
}

Reply JsonStandIn::handle(const net::ServerRequest& request, Timestamp real_now) {
  const auto now = real_now + controls_.clock_offset;
  if (request.path.starts_with("/_sandbox/")) return handle_admin(request, now);
  return handle_call(request, now);
}

Reply JsonStandIn::handle_call(const net::ServerRequest& request, Timestamp now) {
  const auto faults = controls_.take(request, now);
  auto decided = reply_without_effect(faults);
  Reply reply;
  if (decided) {
    reply = std::move(*decided);
  } else {
    const bool limited = faults.main && faults.main->kind == FaultKind::rate_limit;
    const bool broken = faults.main && faults.main->kind == FaultKind::server_error;
    if (!limited && (!broken || faults.main->effect)) reply = serve(request, now);
    if (limited || broken) reply = worded(*faults.main);
    if (limited && faults.main->retry_after)
      reply.response.headers.set("Retry-After", std::to_string(*faults.main->retry_after));
    spoil(reply, faults);
  }
  CallSeen seen;
  seen.method = request.method;
  seen.route = route_of(request);
  seen.answered = reply.delivery == Delivery::answer;
  seen.status = seen.answered ? reply.response.status : 0;
  controls_.calls.saw(seen);
  return reply;
}

Reply JsonStandIn::handle_admin(const net::ServerRequest& request, Timestamp now) {
  if (auto reply = controls_.handle(request, now)) return std::move(*reply);
  if (request.method == "GET" && request.path == "/_sandbox/state")
    return admin_answer(200, state(now));
  if (request.method == "POST" && request.path == "/_sandbox/reset") {
    controls_ = Controls(seed_);
    forget_everything();
    return admin_answer(200, {{"reset", true}});
  }
  if (auto reply = administer(request, now)) return std::move(*reply);
  return admin_mistake({.code = ErrorCode::not_found,
                        .detail = "no such administration call: " + request.method + " " +
                                  request.path + "; see the header of this stand-in"});
}

}  // namespace sequent::sandbox
