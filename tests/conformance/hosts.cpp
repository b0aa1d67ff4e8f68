#include "tests/conformance/hosts.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <charconv>
#include <optional>

namespace sequent::conformance {
namespace {

using machine::ErrorKind;
using machine::Failure;
using machine::Outcome;

struct HostAnswer {
  int status = 200;
  Json content;
};

// `tail` of "prefix" + tail
std::optional<std::string> after(const std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

Json pet(std::int64_t id, const std::string& status) {
  return {{"id", id}, {"name", "pet " + std::to_string(id)}, {"status", status}};
}

HostAnswer petstore(const std::string& target) {
  if (const auto status = after(target, "/v2/pet/findByStatus?status=")) {
    if (status->empty()) return {.status = 400};
    return {.content = Json::array({pet(7, *status), pet(8, *status)})};
  }
  const auto id_text = after(target, "/v2/pet/");
  if (!id_text) return {.status = 404};
  std::int64_t id = 0;
  const char* end = id_text->data() + id_text->size();
  const auto [stopped, error] = std::from_chars(id_text->data(), end, id);
  // "getPetByName/Milou" is no route of the petstore.
  if (error != std::errc{} || stopped != end) return {.status = 404};
  return {.content = pet(id, "available")};
}

HostAnswer httpbin(const std::string& target, const Json& endpoint) {
  const auto wanted = after(target, "/basic-auth/");
  if (!wanted) return {.status = 404};
  const auto policy = endpoint.find("authentication");
  if (policy == endpoint.end() || !policy->contains("basic")) return {.status = 401};
  const Json& basic = policy->at("basic");
  const std::string user = text_of(basic, "username");
  if (user + "/" + text_of(basic, "password") != *wanted) return {.status = 401};
  return {.content = {{"authenticated", true}, {"user", user}}};
}

HostAnswer route(const Json& arguments, const std::string& uri) {
  if (text_of(arguments, "method") != "GET") return {.status = 405};
  if (const auto target = after(uri, "https://petstore.swagger.io")) return petstore(*target);
  if (const auto target = after(uri, "https://httpbin.org"))
    return httpbin(*target, arguments.at("endpoint"));
  FAIL("the kit calls petstore.swagger.io and httpbin.org, got a call to " << uri);
  return {};
}

Failure refusal(int status, const std::string& uri) {
  const bool who = status == 401;
  auto problem = machine::make_problem(who ? ErrorKind::authentication : ErrorKind::communication,
                                       uri + " was answered " + std::to_string(status));
  problem.status = status;
  return {.outcome = Outcome::permanent, .problem = std::move(problem)};
}

}  // namespace

machine::testing::Answer answer_of_host(const machine::testing::Call& call) {
  if (call.activity != "http") FAIL("the kit calls `http` only, got `" << call.activity << "`");
  const std::string uri = text_of(call.arguments.at("endpoint"), "uri");
  HostAnswer answer = route(call.arguments, uri);
  if (answer.status != 200) return std::unexpected(refusal(answer.status, uri));
  const std::string output = text_of(call.arguments, "output", "content");
  if (output == "content") return std::move(answer.content);
  if (output != "response") FAIL("the kit reads content and response, got `" << output << "`");
  Json shown;
  shown["request"] = {{"method", text_of(call.arguments, "method")},
                      {"uri", uri},
                      {"headers", {{"Accept", "application/json"}}}};
  shown["statusCode"] = answer.status;
  shown["headers"] = {{"Content-Type", "application/json"}};
  shown["content"] = std::move(answer.content);
  return shown;
}

}  // namespace sequent::conformance
