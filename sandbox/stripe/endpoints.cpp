#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

Answer<void> check_url(const std::string& url) {
  if (url.starts_with("http://") || url.starts_with("https://")) return {};
  return bad_parameter("url_invalid", "url", "Invalid URL: " + url);
}

}  // namespace

Json& add_endpoint(Scene& scene, const std::string& url, const std::vector<std::string>& secrets,
                   const Json& enabled_events, bool connect, const Json& version) {
  // Endpoints belong to the platform even when they hear of connected accounts.
  Json endpoint{{"id", scene.world.make_id("we_")},
                {"object", "webhook_endpoint"},
                {"api_version", version},
                {"application", nullptr},
                {"created", scene.seconds()},
                {"description", nullptr},
                {"enabled_events", enabled_events},
                {"livemode", false},
                {"metadata", Json::object()},
                {"status", "enabled"},
                {"url", url},
                {"_secrets", secrets},
                {"_connect", connect}};
  return scene.world.account("").add(std::move(endpoint));
}

Answer<Json> create_endpoint(const Call& call) {
  const auto url = text_of(call.params, "url");
  const auto good = check_url(url);
  if (!good) return std::unexpected(good.error());
  const auto secret = call.scene.world.make_id("whsec_", 32);
  Json& endpoint =
      add_endpoint(call.scene, url, {secret}, call.params.at("enabled_events"),
                   call.params.value("connect", false), call.params.value("api_version", Json()));
  merge_metadata(endpoint, call.params);
  Json answer = endpoint;
  answer["secret"] = secret;  // only here; reading the endpoint never shows it again
  return answer;
}

Answer<Json> update_endpoint(const Call& call) {
  Json* endpoint = call.scene.world.account("").find("webhook_endpoint", call.id);
  if (endpoint == nullptr) return no_such("webhook endpoint", call.id);
  if (call.params.contains("url")) {
    const auto good = check_url(text_of(call.params, "url"));
    if (!good) return std::unexpected(good.error());
  }
  change_members(*endpoint, call.params, {"url", "enabled_events", "description"});
  if (call.params.contains("disabled"))
    (*endpoint)["status"] = call.params.at("disabled").get<bool>() ? "disabled" : "enabled";
  return *endpoint;
}

Answer<Json> delete_endpoint(const Call& call) {
  auto& endpoints = call.scene.world.account("").kinds["webhook_endpoint"];
  if (endpoints.by_id.erase(call.id) == 0) return no_such("webhook endpoint", call.id);
  std::erase(endpoints.order, call.id);
  return Json{{"id", call.id}, {"object", "webhook_endpoint"}, {"deleted", true}};
}

}  // namespace sequent::sandbox::stripe
