// Administration of the Stripe stand-in: the owners of connected accounts.
#include <algorithm>

#include "sandbox/stripe/accounts.hpp"
#include "sandbox/stripe/render.hpp"
#include "sandbox/stripe/stripe.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::string_view accounts_base = "/_sandbox/accounts";

std::unexpected<Error> mistake(const std::string& detail) {
  return fail(ErrorCode::invalid_request, detail);
}

bool is_account_id(const std::string& text) {
  return text.starts_with("acct_") && text.size() > 5 && text.size() < 256 &&
         std::all_of(text.begin() + 5, text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

void fulfil(Scene& scene, Json& account) {
  const Json before = account;
  account["_fulfilled"] = true;
  account["_withdrawn"] = Json::array();
  account["_reason"] = nullptr;
  tell_account(scene, account, before);
}

Answer<Json> withdraw(Scene& scene, Json& account, const Json& body) {
  const Json before = account;
  const bool individual = account.at("business_type") == "individual";
  const std::string usual =
      individual ? "individual.verification.document" : "company.verification.document";
  const auto named = text_of(body, "requirement");
  const auto capability = body.value("capability", Json());
  if (!capability.is_null() &&
      !(capability.is_string() &&
        account.at("capabilities").contains(capability.get<std::string>())))
    return bad_parameter(
        "", "capability",
        "expected a capability that the account has asked for, got " + dump_json(capability));
  account["_withdrawn"].push_back(
      {{"requirement", named.empty() ? usual : named}, {"capability", capability}});
  if (const auto reason = text_of(body, "reason"); !reason.empty()) account["_reason"] = reason;
  tell_account(scene, account, before);
  return account;
}

/// Follows a link: over or opened before, it leads to refresh_url.
Answer<Json> open_link(Scene& scene, const Json& body) {
  auto& links = scene.account.kinds["account_link"].by_id;
  const auto found = std::find_if(links.begin(), links.end(), [&](const auto& entry) {
    return entry.second.at("url") == text_of(body, "url");
  });
  if (found == links.end()) return no_such("account_link", text_of(body, "url"));
  Json& link = found->second;
  const auto id = text_of(link, "_account");
  Json* account = connected_account(scene.world, id);
  const bool over = link.at("_opened") == true || account == nullptr ||
                    scene.seconds() >= link.at("expires_at").get<std::int64_t>();
  if (over) return Json{{"outcome", "refresh"}, {"redirect", link.at("_refresh_url")}};
  link["_opened"] = true;
  const bool complete = body.value("complete", Json(true)) == true;
  if (complete) fulfil(scene, *account);
  return Json{{"outcome", complete ? "completed" : "left"},
              {"redirect", link.at("_return_url")},
              {"account", id}};
}

Answer<Json> add_ready_account(Scene& scene, const Json& body) {
  Json params = body;
  params.erase("id");
  if (!params.contains("type")) params["type"] = "express";
  params["capabilities"] = {{"card_payments", {{"requested", true}}},
                            {"transfers", {{"requested", true}}}};
  const auto chosen = text_of(body, "id");
  const auto made = create_account({scene, params, ""});
  if (!made) return made;
  auto& accounts = scene.account.kinds["account"];
  auto id = text_of(*made, "id");
  if (!chosen.empty()) {
    Json renamed = accounts.by_id.at(id);
    renamed["id"] = chosen;
    accounts.by_id.erase(id);
    accounts.order.pop_back();
    id = chosen;
    scene.account.add(std::move(renamed));
  }
  Json& account = *scene.account.find("account", id);
  fulfil(scene, account);
  return account;
}

}  // namespace

std::optional<Reply> StripeStandIn::admin_connect(const net::ServerRequest& request,
                                                  Timestamp now) {
  const bool links = request.path == "/_sandbox/account-links/open";
  if (request.method != "POST" || (!links && !request.path.starts_with(accounts_base)))
    return std::nullopt;
  const auto rest = links ? std::string() : request.path.substr(accounts_base.size());
  const auto slash = rest.rfind('/');
  const auto verb = slash == std::string::npos ? rest : rest.substr(slash);
  const bool adds = !links && rest.empty();
  if (!links && !adds && (slash == 0 || (verb != "/fulfil" && verb != "/withdraw")))
    return std::nullopt;
  const auto body = admin_body(request);
  if (!body) return admin_mistake(body.error());
  const auto known = links  ? only_members(*body, {"url", "complete"})
                     : adds ? only_members(*body, {"id", "type", "country", "email"})
                     : verb == "/fulfil"
                         ? only_members(*body, {})
                         : only_members(*body, {"capability", "requirement", "reason"});
  if (!known) return admin_mistake(known.error());
  Scene scene{*world_, world_->account(""), controls_.faults, now, Cause{}};
  Answer<Json> done = Json();
  if (links) {
    done = open_link(scene, *body);
  } else if (adds) {
    const auto id = text_of(*body, "id");
    if (!id.empty() && (!is_account_id(id) || scene.account.find("account", id) != nullptr))
      return admin_mistake(
          mistake("member \"id\": expected acct_ with letters and digits, not taken yet, got " + id)
              .error());
    done = add_ready_account(scene, *body);
  } else {
    const auto id = rest.substr(1, slash - 1);
    Json* account = connected_account(*world_, id);
    if (account == nullptr) {
      done = no_such("account", id);
    } else if (verb == "/fulfil") {
      fulfil(scene, *account);
      done = *account;
    } else {
      done = withdraw(scene, *account, *body);
    }
  }
  if (!done) return admin_answer(done.error().status, {{"error", done.error().message}});
  return admin_answer(adds ? 201 : 200, render(*done, options_.api_version));
}

}  // namespace sequent::sandbox::stripe
