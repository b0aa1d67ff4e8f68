#include "sandbox/controls.hpp"

#include <algorithm>
#include <charconv>

namespace sequent::sandbox {

Reply admin_answer(int status, const Json& body) {
  Reply reply;
  reply.response.status = status;
  reply.response.headers.set("Content-Type", "application/json");
  reply.response.body = dump_json(body) + "\n";
  return reply;
}

Reply admin_mistake(const Error& error) {
  int status = 400;
  if (error.code == ErrorCode::not_found) status = 404;
  if (error.code == ErrorCode::method_not_allowed) status = 405;
  if (error.code == ErrorCode::wrong_state || error.code == ErrorCode::conflict) status = 409;
  return admin_answer(status, {{"error", error.detail}});
}

Result<Json> admin_body(const net::ServerRequest& request) {
  if (request.body.empty()) return Json::object();
  return parse_json(request.body);
}

Result<void> only_members(const Json& body, std::initializer_list<std::string_view> known) {
  if (!body.is_object())
    return fail(ErrorCode::invalid_request, "expected a JSON object, got " + dump_json(body));
  std::string names;
  for (const auto name : known) names += (names.empty() ? "" : ", ") + std::string(name);
  for (const auto& entry : body.items()) {
    if (std::find(known.begin(), known.end(), entry.key()) == known.end())
      return fail(ErrorCode::invalid_request,
                  "unknown member \"" + entry.key() + "\": expected " +
                      (names.empty() ? "an empty object" : "one of " + names));
  }
  return {};
}

std::optional<Reply> reply_without_effect(const CallFaults& faults) {
  if (!faults.main) return std::nullopt;
  const Fault& fault = *faults.main;
  Reply reply;
  reply.latency_ms = faults.latency_ms;
  if (fault.kind == FaultKind::reset_before_effect ||
      (fault.kind == FaultKind::outage && fault.refuse)) {
    reply.delivery = Delivery::reset;
    return reply;
  }
  if (fault.kind == FaultKind::hang && !fault.effect) {
    reply.delivery = Delivery::hang;
    return reply;
  }
  if (fault.kind != FaultKind::outage && fault.kind != FaultKind::html) return std::nullopt;
  // What a load balancer in front of a provider answers: a page, never the provider's JSON.
  const bool outage = fault.kind == FaultKind::outage;
  reply.response.status = outage ? 503 : fault.status;
  reply.response.headers.set("Content-Type", "text/html; charset=utf-8");
  if (fault.retry_after)
    reply.response.headers.set("Retry-After", std::to_string(*fault.retry_after));
  const std::string title = outage ? "503 Service Unavailable" : "Bad gateway";
  reply.response.body = "<!DOCTYPE html>\n<html><head><title>" + title +
                        "</title></head><body><h1>" + title + "</h1></body></html>\n";
  return reply;
}

void spoil(Reply& reply, const CallFaults& faults) {
  reply.latency_ms += faults.latency_ms;
  if (!faults.main) return;
  if (faults.main->kind == FaultKind::reset_after_effect) reply.delivery = Delivery::reset;
  if (faults.main->kind == FaultKind::hang) reply.delivery = Delivery::hang;
  if (faults.main->kind == FaultKind::huge) reply.huge_bytes = faults.main->bytes;
}

CallFaults Controls::take(const net::ServerRequest& request, Timestamp now) {
  CallFaults taken;
  for (auto& fault : faults.take_for_call(request.method, request.path, now)) {
    if (fault.kind == FaultKind::latency) {
      taken.latency_ms += fault.ms;
    } else {
      taken.main = std::move(fault);
    }
  }
  return taken;
}

std::optional<Reply> Controls::handle(const net::ServerRequest& request, Timestamp now) {
  if (request.path.starts_with("/_sandbox/faults")) return handle_faults(request, now);
  if (request.path == "/_sandbox/clock") return handle_clock(request, now);
  if (request.path == "/_sandbox/calls" && request.method == "GET")
    return admin_answer(200, calls.to_json());
  return std::nullopt;
}

Reply Controls::handle_faults(const net::ServerRequest& request, Timestamp now) {
  constexpr std::string_view base = "/_sandbox/faults";
  const auto rest = std::string_view(request.path).substr(base.size());
  if (rest.empty() && request.method == "GET")
    return admin_answer(200, {{"faults", faults.list()}});
  if (rest.empty() && request.method == "POST") {
    const auto body = admin_body(request);
    if (!body) return admin_mistake(body.error());
    auto added = faults.add(*body, now);
    if (!added) return admin_mistake(added.error());
    auto reply = admin_answer(201, {{"faults", *added}});
    const Json all = body->is_array() ? *body : Json::array({*body});
    for (const auto& one : all) {
      const bool refuses = one.value("kind", "") == "outage" && one.value("refuse", false);
      if (refuses && one.contains("seconds") && !one.contains("path") && !one.contains("method"))
        reply.refuse_ms = static_cast<DurationMs>(one["seconds"].get<double>() * 1000);
    }
    return reply;
  }
  if (request.method == "DELETE") {
    std::uint64_t id = 0;
    if (!rest.empty()) {
      const auto digits = rest.substr(1);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
      if (rest[0] != '/' || error != std::errc{} || end != digits.data() + digits.size() || id == 0)
        return admin_mistake({.code = ErrorCode::invalid_request,
                              .detail = "expected a fault's number after " + std::string(base) +
                                        "/, got \"" + std::string(rest) + "\""});
    }
    return admin_answer(200, {{"removed", faults.remove(id)}});
  }
  return admin_mistake({.code = ErrorCode::method_not_allowed,
                        .detail = "expected GET, POST or DELETE " + std::string(base)});
}

Reply Controls::handle_clock(const net::ServerRequest& request, Timestamp now) {
  const auto body = request.method == "POST" ? admin_body(request) : Result<Json>(Json::object());
  if (!body) return admin_mistake(body.error());
  const auto known = only_members(*body, {"advanceSeconds", "advanceMs"});
  if (!known) return admin_mistake(known.error());
  DurationMs advance = 0;
  for (const auto& [member, value] : body->items()) {
    // The clock only goes forward: what already expired cannot come back.
    constexpr double ten_years_ms = 315'360'000'000.0;
    const double unit = member == "advanceSeconds" ? 1000 : 1;
    if (!value.is_number() || value.get<double>() < 0 || value.get<double>() * unit > ten_years_ms)
      return admin_mistake({.code = ErrorCode::invalid_request,
                            .detail = "member \"" + member +
                                      "\": expected a number from 0 to ten years, got " +
                                      dump_json(value)});
    advance += static_cast<DurationMs>(value.get<double>() * unit);
  }
  clock_offset += advance;
  return admin_answer(200, {{"now", format_time(now + advance)}, {"offsetMs", clock_offset}});
}

}  // namespace sequent::sandbox
