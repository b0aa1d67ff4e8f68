#include "sandbox/auth/auth.hpp"

#include <charconv>

#include "sandbox/auth/answer.hpp"

namespace sequent::sandbox::auth {
namespace {

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> segments;
  std::size_t at = 1;
  while (at <= path.size()) {
    const auto slash = std::min(path.find('/', at), path.size());
    segments.push_back(net::percent_decode(std::string_view(path).substr(at, slash - at)));
    at = slash + 1;
  }
  return segments;
}

std::string route_of(const net::ServerRequest& request) {
  if (request.path == "/auth/validate-token") return request.path;
  if (request.path == "/users/me/workspaces") return request.path;
  if (request.path.starts_with("/workspaces/")) return "/workspaces/{id}";
  if (request.path.starts_with("/users/stripe-user/")) return "/users/stripe-user/{id}/{stripe_id}";
  if (request.path.starts_with("/users/")) return "/users/{id}";
  return "(unknown)";
}

}  // namespace

Reply answer(int status, const Json& body) {
  Reply reply;
  reply.response.status = status;
  reply.response.headers.set("Content-Type", "application/json; charset=utf-8");
  reply.response.body = dump_json(body);
  return reply;
}

Reply refusal(int status, const std::string& error, const std::string& message) {
  return answer(status, {{"statusCode", status}, {"error", error}, {"message", message}});
}

std::optional<std::int64_t> integer_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Json User::to_json() const {
  return {{"id", id},
          {"id_stripe", id_stripe},
          {"firstname", firstname},
          {"lastname", lastname},
          {"email", email},
          {"birthDate", "1990-01-01T00:00:00.000Z"},
          {"gender", "other"},
          {"phone", phone},
          {"createdAt", format_time(created_at)},
          {"updatedAt", format_time(updated_at)},
          {"roleId", 1},
          {"role", {{"id", 1}, {"name", "USER"}}}};
}

AuthStandIn::AuthStandIn(AuthOptions options, Timestamp now)
    : options_(std::move(options)), controls_(options_.seed) {
  start_afresh(now);
}

void AuthStandIn::start_afresh(Timestamp now) {
  controls_ = Controls(options_.seed);
  users_.clear();
  tokens_.clear();
  workspaces_.clear();
  for (std::int64_t id = 1; id <= options_.users; ++id) {
    const auto number = std::to_string(id);
    User user;
    user.id = id;
    user.firstname = "Jean";
    user.lastname = "Client" + number;
    user.email = "user" + number + "@example.com";
    user.phone = "+3360000" + std::string(number.size() < 4 ? 4 - number.size() : 0, '0') + number;
    user.created_at = now;
    user.updated_at = now;
    const auto linked = options_.linked_users.find(id);
    if (linked != options_.linked_users.end()) user.id_stripe = linked->second;
    users_.emplace(id, std::move(user));
    tokens_.emplace("token-user-" + number, id);
  }
}

Reply AuthStandIn::handle(const net::ServerRequest& request, Timestamp real_now) {
  const auto now = real_now + controls_.clock_offset;
  if (request.path.starts_with("/_sandbox/")) return handle_admin(request, now);
  return handle_call(request, now);
}

Reply AuthStandIn::handle_call(const net::ServerRequest& request, Timestamp now) {
  const auto faults = controls_.take(request, now);
  auto decided = reply_without_effect(faults);
  const bool limited = faults.main && faults.main->kind == FaultKind::rate_limit;
  const bool broken = faults.main && faults.main->kind == FaultKind::server_error;
  Reply reply;
  if (decided) {
    reply = std::move(*decided);
  } else if (limited) {
    reply = refusal(429, "Too Many Requests", "Request rate limit exceeded");
    if (faults.main->retry_after)
      reply.response.headers.set("Retry-After", std::to_string(*faults.main->retry_after));
    spoil(reply, faults);
  } else {
    if (!broken || faults.main->effect) reply = serve(request, now);
    // The gateway before this service turns whatever went wrong into the same 500.
    if (broken)
      reply = refusal(faults.main->status, "Internal Server Error", "Internal server error");
    spoil(reply, faults);
  }
  CallSeen seen;
  seen.method = request.method;
  seen.route = route_of(request);
  seen.idempotency_key = request.headers.value("Idempotency-Key");
  seen.answered = reply.delivery == Delivery::answer;
  seen.status = seen.answered ? reply.response.status : 0;
  controls_.calls.saw(seen);
  return reply;
}

Reply AuthStandIn::serve(const net::ServerRequest& request, Timestamp now) {
  const auto segments = segments_of(request.path);
  if (request.method == "POST" && request.path == "/auth/validate-token")
    return validate_token(request);
  if (request.method == "GET" && segments.size() == 2 && segments[0] == "users")
    return read_user(segments[1]);
  if (request.method == "GET" && request.path == "/users/me/workspaces")
    return list_workspaces(request);
  if (request.method == "GET" && segments.size() == 2 && segments[0] == "workspaces")
    return read_workspace(request, segments[1]);
  if (request.method == "PATCH" && segments.size() == 4 && segments[0] == "users" &&
      segments[1] == "stripe-user")
    return link_user(segments[2], segments[3], now);
  return refusal(404, "Not Found", "Cannot " + request.method + " " + request.path);
}

Reply AuthStandIn::validate_token(const net::ServerRequest& request) const {
  constexpr std::string_view scheme = "Bearer ";
  const auto header = request.headers.value("Authorization");
  if (!header.starts_with(scheme)) {
    Reply reply;
    reply.delivery = Delivery::hang;
    return reply;
  }
  if (!tokens_.contains(header.substr(scheme.size())))
    return answer(401, {{"error", "Invalid token"}});
  return answer(200, {{"message", "Valid token"}});
}

Reply AuthStandIn::read_user(const std::string& id) const {
  const auto number = integer_of(id);
  if (!number) return refusal(400, "Bad Request", "Validation failed (numeric string is expected)");
  const auto user = users_.find(*number);
  if (user == users_.end()) return refusal(404, "Not Found", "User " + id + " not found");
  return answer(200, user->second.to_json());
}

Reply AuthStandIn::link_user(const std::string& id, const std::string& stripe_id, Timestamp now) {
  const auto number = integer_of(id);
  if (!number) return refusal(400, "Bad Request", "Validation failed (numeric string is expected)");
  if (stripe_id.empty()) return refusal(400, "Bad Request", "A Stripe customer id is expected");
  const auto found = users_.find(*number);
  if (found == users_.end()) return refusal(404, "Not Found", "User " + id + " not found");
  User& user = found->second;
  if (user.id_stripe.empty()) {
    user.id_stripe = stripe_id;
    user.updated_at = now;
    controls_.calls.made("link " + id, "link", id + " -> " + stripe_id, "");
  }
  return answer(user.id_stripe == stripe_id ? 200 : 409, user.to_json());
}

Reply AuthStandIn::handle_admin(const net::ServerRequest& request, Timestamp now) {
  constexpr std::string_view tokens = "/_sandbox/tokens/";
  constexpr std::string_view workspaces = "/_sandbox/workspaces/";
  if (auto reply = controls_.handle(request, now)) return std::move(*reply);
  const auto& path = request.path;
  if (request.method == "GET" && path == "/_sandbox/state") return admin_answer(200, admin_state());
  if (request.method == "POST" && path == "/_sandbox/users") return admin_add_user(request, now);
  if (request.method == "POST" && path == "/_sandbox/tokens") return admin_add_token(request);
  if (request.method == "DELETE" && path.starts_with(tokens)) {
    const auto removed = tokens_.erase(net::percent_decode(path.substr(tokens.size())));
    return admin_answer(200, {{"removed", removed}});
  }
  if (request.method == "POST" && path == "/_sandbox/workspaces")
    return admin_add_workspace(request);
  if (request.method == "DELETE" && path.starts_with(workspaces)) {
    const auto removed = workspaces_.erase(net::percent_decode(path.substr(workspaces.size())));
    return admin_answer(200, {{"removed", removed}});
  }
  if (request.method == "POST" && path == "/_sandbox/reset") {
    start_afresh(now - controls_.clock_offset);
    return admin_answer(200, {{"reset", true}});
  }
  return admin_mistake(
      {.code = ErrorCode::not_found,
       .detail = "no such administration call: " + request.method + " " + path +
                 ". Expected GET state, calls or faults; POST users, tokens, "
                 "workspaces, faults, clock or reset; DELETE faults, faults/{id}, tokens/{token} "
                 "or workspaces/{id}"});
}

Reply AuthStandIn::admin_add_user(const net::ServerRequest& request, Timestamp now) {
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known =
      only_members(*body, {"id", "id_stripe", "firstname", "lastname", "email", "phone", "tokens"});
  if (!known) return admin_mistake(known.error());
  User user;
  user.id = users_.empty() ? 1 : users_.rbegin()->first + 1;
  user.created_at = now;
  user.updated_at = now;
  std::vector<std::string> tokens;
  for (const auto& [name, value] : body->items()) {
    const auto wrong = [&](const std::string& expected) {
      return admin_mistake({.code = ErrorCode::invalid_request,
                            .detail = "member \"" + name + "\": expected " + expected + ", got " +
                                      dump_json(value)});
    };
    if (name == "id") {
      if (!value.is_number_integer() || value < 1) return wrong("a positive integer");
      user.id = value.get<std::int64_t>();
      continue;
    }
    if (name == "tokens") {
      if (!value.is_array()) return wrong("an array of texts");
      for (const auto& token : value) {
        if (!token.is_string() || token == "") return wrong("an array of texts");
        tokens.push_back(token.get<std::string>());
      }
      continue;
    }
    if (!value.is_string()) return wrong("a text");
    const auto text = value.get<std::string>();
    if (name == "id_stripe") user.id_stripe = text;
    if (name == "firstname") user.firstname = text;
    if (name == "lastname") user.lastname = text;
    if (name == "email") user.email = text;
    if (name == "phone") user.phone = text;
  }
  if (tokens.empty()) tokens.push_back("token-user-" + std::to_string(user.id));
  for (const auto& token : tokens) tokens_[token] = user.id;
  users_[user.id] = user;  // an id that exists is overwritten: that is how a test changes a user
  auto reply = admin_answer(201, user.to_json());
  return reply;
}

Reply AuthStandIn::admin_add_token(const net::ServerRequest& request) {
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known = only_members(*body, {"token", "userId"});
  if (!known) return admin_mistake(known.error());
  const auto token = text_of(*body, "token");
  const Json user = body->value("userId", Json());
  if (token.empty() || !user.is_number_integer() || !users_.contains(user.get<std::int64_t>()))
    return admin_mistake(
        {.code = ErrorCode::invalid_request,
         .detail = "expected {\"token\": a text, \"userId\": the id of a user}, got " +
                   dump_json(*body)});
  tokens_[token] = user.get<std::int64_t>();
  return admin_answer(201, {{"token", token}, {"userId", user}});
}

Json AuthStandIn::admin_state() const {
  Json users = Json::array();
  for (const auto& entry : users_) users.push_back(entry.second.to_json());
  Json workspaces = Json::array();
  for (const auto& [id, workspace] : workspaces_) {
    Json members = Json::object();
    for (const auto& [user, role] : workspace.members) members[std::to_string(user)] = role;
    workspaces.push_back({{"id", id}, {"name", workspace.name}, {"members", members}});
  }
  return {{"users", {{"count", users_.size()}, {"objects", users}}},
          {"workspaces", workspaces},
          {"tokens", {{"count", tokens_.size()}}}};
}

}  // namespace sequent::sandbox::auth
