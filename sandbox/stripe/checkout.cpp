// POST /v1/checkout/sessions and what else the API does with sessions.
#include "sandbox/stripe/checkout.hpp"

#include "base/assert.hpp"
#include "sandbox/stripe/render.hpp"
#include "sandbox/stripe/resources.hpp"

namespace sequent::sandbox::stripe {
namespace {

constexpr std::int64_t shortest_session_s = 30 * 60;
constexpr std::int64_t longest_session_s = 24 * 3600;
constexpr std::size_t most_recurring_lines = 20;
constexpr std::size_t most_one_time_lines_of_subscription = 20;
constexpr std::int64_t smallest_payment = 50;  // half a unit in the currencies of the catalog

const Json& blank_session() {
  static const Json blank = Json::parse(R"({
    "object": "checkout.session", "adaptive_pricing": null, "after_expiration": null,
    "allow_promotion_codes": null, "amount_subtotal": null, "amount_total": null,
    "automatic_tax": {"enabled": false, "liability": null, "provider": null, "status": null},
    "billing_address_collection": null, "cancel_url": null, "client_reference_id": null,
    "client_secret": null, "collected_information": null, "consent": null,
    "consent_collection": null, "currency": null, "currency_conversion": null, "custom_fields": [],
    "custom_text": {"after_submit": null, "shipping_address": null, "submit": null,
                    "terms_of_service_acceptance": null},
    "customer": null, "customer_account": null, "customer_creation": null,
    "customer_details": null, "customer_email": null, "discounts": null,
    "integration_identifier": null, "invoice": null, "invoice_creation": null, "livemode": false,
    "locale": null, "managed_payments": null, "metadata": {}, "origin_context": null,
    "payment_intent": null, "payment_link": null, "payment_method_collection": "if_required",
    "payment_method_configuration_details": null, "payment_method_options": {},
    "payment_method_types": ["card"], "payment_status": "unpaid", "permissions": null,
    "phone_number_collection": {"enabled": false}, "recovered_from": null,
    "saved_payment_method_options": null, "setup_intent": null,
    "shipping_address_collection": null, "shipping_cost": null, "shipping_options": [],
    "status": "open", "submit_type": null, "subscription": null, "success_url": null,
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    "url": null, "wallet_options": null})");
  return blank;
}

bool is_url(const std::string& text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

// The names changed with 2026-03-25.dahlia; each version takes only its own.
Answer<std::string> ui_mode_of(const Call& call) {
  const bool renamed = !before(call.scene.cause.version, "2026-03-25");
  const auto given = text_of(call.params, "ui_mode", renamed ? "hosted_page" : "hosted");
  static const std::map<std::string, std::string> old_names{
      {"hosted", "hosted_page"}, {"embedded", "embedded_page"}, {"custom", "elements"}};
  const auto old_name = old_names.find(given);
  if (!renamed && old_name != old_names.end()) return old_name->second;
  const bool new_name =
      given == "hosted_page" || given == "embedded_page" || given == "elements" || given == "form";
  if (renamed && new_name) return given;
  return bad_parameter("", "ui_mode",
                       "Invalid ui_mode: must be one of " +
                           std::string(renamed ? "hosted_page, embedded_page, elements, form"
                                               : "hosted, embedded, custom") +
                           " in version " + call.scene.cause.version);
}

Answer<void> check_urls(const Json& params, const std::string& ui_mode) {
  for (const char* name : {"success_url", "cancel_url", "return_url"}) {
    const auto url = text_of(params, name);
    if (!url.empty() && !is_url(url)) return bad_parameter("url_invalid", name, "Not a valid URL");
  }
  if (ui_mode == "hosted_page") {
    if (params.contains("return_url"))
      return bad_parameter("", "return_url",
                           "`return_url` is only for embedded sessions; use `success_url`.");
    if (params.contains("redirect_on_completion"))
      return bad_parameter("", "redirect_on_completion",
                           "`redirect_on_completion` is only for embedded sessions.");
    if (text_of(params, "success_url").empty())
      return bad_parameter("parameter_missing", "success_url",
                           "Missing required param: success_url.");
    return {};
  }
  for (const char* name : {"success_url", "cancel_url"})
    if (params.contains(name))
      return bad_parameter(
          "", name, "`" + std::string(name) + "` is only for hosted sessions; use `return_url`.");
  const bool never = text_of(params, "redirect_on_completion") == "never";
  if (!never && text_of(params, "return_url").empty())
    return bad_parameter("parameter_missing", "return_url", "Missing required param: return_url.");
  return {};
}

Answer<void> check_mode_parts(const Json& params, const std::string& mode) {
  struct Part {
    const char* name;
    const char* mode;
  };
  constexpr Part parts[] = {{"payment_intent_data", "payment"},
                            {"invoice_creation", "payment"},
                            {"subscription_data", "subscription"},
                            {"setup_intent_data", "setup"}};
  for (const auto& part : parts)
    if (params.contains(part.name) && mode != part.mode)
      return bad_parameter("", part.name,
                           "You can only pass `" + std::string(part.name) + "` in `" + part.mode +
                               "` mode, not in `" + mode + "` mode.");
  if (params.contains("customer_creation") && mode == "subscription")
    return bad_parameter("", "customer_creation",
                         "`customer_creation` can only be used in `payment` and `setup` mode.");
  if (params.contains("customer") && params.contains("customer_email"))
    return bad_parameter("", "customer_email",
                         "You may only specify one of these parameters: customer, customer_email.");
  const bool has_lines = params.contains("line_items") && !params.at("line_items").is_null();
  if (mode == "setup" && has_lines)
    return bad_parameter("", "line_items", "`line_items` cannot be passed in `setup` mode.");
  if (mode != "setup" && (!has_lines || params.at("line_items").empty()))
    return bad_parameter("parameter_missing", "line_items", "Missing required param: line_items.");
  return {};
}

Answer<std::int64_t> expiry_of(const Call& call) {
  if (!call.params.contains("expires_at") || call.params.at("expires_at").is_null())
    return call.scene.seconds() + longest_session_s;
  const auto at = call.params.at("expires_at").get<std::int64_t>();
  const auto left = at - call.scene.seconds();
  if (left < shortest_session_s || left > longest_session_s)
    return bad_parameter("", "expires_at",
                         "The `expires_at` timestamp must be at least 30 minutes and at most 24 "
                         "hours from Checkout Session creation.");
  return at;
}

Answer<Json*> price_of_line(const Call& call, const Json& line, const std::string& name) {
  const bool by_id = line.contains("price");
  if (by_id == line.contains("price_data"))
    return bad_parameter(by_id ? "" : "parameter_missing", name + "[price]",
                         "Expected exactly one of price and price_data in " + name + ".");
  if (!by_id) return add_price(call.scene, line.at("price_data"), name + "[price_data]");
  const auto id = text_of(line, "price");
  Json* price = call.scene.account.find("price", id);
  if (price == nullptr) return no_such("price", id, name + "[price]");
  if (!price->at("active").get<bool>())
    return refused("", name + "[price]",
                   "The price specified is inactive. This field only accepts active prices.");
  return price;
}

Answer<Json> line_of(const Call& call, const Json& line, std::size_t index) {
  const auto name = "line_items[" + std::to_string(index) + "]";
  const auto found = price_of_line(call, line, name);
  if (!found) return std::unexpected(found.error());
  const Json& price = **found;
  const bool metered = price.at("recurring").is_object() &&
                       text_of(price.at("recurring"), "usage_type") == "metered";
  if (metered && line.contains("quantity"))
    return refused("", name + "[quantity]", "Quantity cannot be given for a metered price.");
  if (!metered && !line.contains("quantity"))
    return bad_parameter("parameter_missing", name + "[quantity]",
                         "Missing required param: " + name + "[quantity].");
  const auto quantity = metered ? 0 : line.at("quantity").get<std::int64_t>();
  const auto unit =
      price.at("unit_amount").is_number() ? price.at("unit_amount").get<std::int64_t>() : 0;
  const Json* product = call.scene.account.find("product", text_of(price, "product"));
  SEQUENT_ASSERT(product != nullptr);
  Json item{{"id", call.scene.world.make_id("li_")},
            {"object", "item"},
            {"adjustable_quantity", nullptr},
            {"amount_discount", 0},
            {"amount_subtotal", unit * quantity},
            {"amount_tax", 0},
            {"amount_total", unit * quantity},
            {"currency", price.at("currency")},
            {"description", product->at("name")},
            {"metadata", Json::object()},
            {"price", price},
            {"quantity", metered ? Json() : Json(quantity)}};
  merge_metadata(item, line);
  return item;
}

Answer<void> check_basket(const Json& lines, const std::string& mode) {
  std::size_t recurring = 0;
  std::int64_t total = 0;
  for (const auto& line : lines) {
    if (line.at("price").at("recurring").is_object()) ++recurring;
    total += line.at("amount_total").get<std::int64_t>();
    if (line.at("currency") != lines.at(0).at("currency"))
      return refused("", "line_items",
                     "All line items must have the same currency, got " +
                         text_of(lines.at(0), "currency") + " and " + text_of(line, "currency") +
                         ".");
  }
  if (mode == "payment" && recurring > 0)
    return refused("", "line_items",
                   "You specified `payment` mode but passed a recurring price. Either switch to "
                   "`subscription` mode or use only one-time prices.");
  if (mode == "subscription" && recurring == 0)
    return refused(
        "", "line_items",
        "You must provide at least one recurring price in `subscription` mode when using "
        "prices.");
  if (recurring > most_recurring_lines)
    return refused("", "line_items", "At most 20 recurring line items are supported.");
  if (mode == "subscription" && lines.size() - recurring > most_one_time_lines_of_subscription)
    return refused("", "line_items", "At most 20 one-time line items are supported.");
  if (mode == "payment" && total > 0 && total < smallest_payment)
    return refused(
        "amount_too_small", "",
        "The Checkout Session's total amount must convert to at least 50 minor units, got " +
            std::to_string(total) + ".");
  return {};
}

Answer<Json> lines_of(const Call& call, const std::string& mode) {
  Json lines = Json::array();
  if (mode == "setup") return lines;
  const Json& given = call.params.at("line_items");
  for (std::size_t i = 0; i < given.size(); ++i) {
    auto line = line_of(call, given.at(i), i);
    if (!line) return line;
    lines.push_back(std::move(*line));
  }
  const auto basket = check_basket(lines, mode);
  if (!basket) return std::unexpected(basket.error());
  return lines;
}

Answer<void> check_customer(const Call& call) {
  const auto id = text_of(call.params, "customer");
  if (id.empty()) return {};
  const Json* customer = call.scene.account.find("customer", id);
  if (customer == nullptr || customer->value("_deleted", false))
    return no_such("customer", id, "customer");
  return {};
}

void set_customer(Scene& scene, Json& session, const Json& params) {
  const auto id = text_of(params, "customer");
  const auto email = text_of(params, "customer_email");
  if (id.empty() && email.empty()) return;
  const Json* customer = id.empty() ? nullptr : scene.account.find("customer", id);
  const Json known_email = customer != nullptr ? customer->at("email") : Json(email);
  session["customer_details"] = {{"address", nullptr},   {"business_name", nullptr},
                                 {"email", known_email}, {"individual_name", nullptr},
                                 {"name", nullptr},      {"phone", nullptr},
                                 {"tax_exempt", "none"}, {"tax_ids", nullptr}};
  if (customer != nullptr) {
    session["customer"] = id;
  } else {
    session["customer_email"] = email;
  }
}

void set_money(Json& session, const Json& lines, const std::string& mode) {
  session["_line_items"] =
      list_of(lines, false, "/v1/checkout/sessions/" + text_of(session, "id") + "/line_items");
  if (mode == "setup") {
    session["payment_status"] = "no_payment_required";
    return;
  }
  std::int64_t total = 0;
  for (const auto& line : lines) total += line.at("amount_total").get<std::int64_t>();
  session["amount_subtotal"] = total;
  session["amount_total"] = total;
  session["currency"] = lines.at(0).at("currency");
  if (total == 0) session["payment_status"] = "no_payment_required";
}

}  // namespace

Answer<Json> create_session(const Call& call) {
  const Json& params = call.params;
  const auto mode = text_of(params, "mode");
  const auto ui_mode = ui_mode_of(call);
  if (!ui_mode) return std::unexpected(ui_mode.error());
  const auto urls = check_urls(params, *ui_mode);
  if (!urls) return std::unexpected(urls.error());
  const auto parts = check_mode_parts(params, mode);
  if (!parts) return std::unexpected(parts.error());
  const auto expires_at = expiry_of(call);
  if (!expires_at) return std::unexpected(expires_at.error());
  const auto customer = check_customer(call);
  if (!customer) return std::unexpected(customer.error());
  const auto lines = lines_of(call, mode);
  if (!lines) return std::unexpected(lines.error());

  Json session = blank_session();
  const auto id = call.scene.world.make_id("cs_test_", 58);
  session["id"] = id;
  session["created"] = call.scene.seconds();
  session["expires_at"] = *expires_at;
  session["mode"] = mode;
  session["ui_mode"] = *ui_mode;
  for (const char* name :
       {"allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id",
        "customer_creation", "locale", "payment_method_types", "redirect_on_completion",
        "return_url", "submit_type", "success_url", "payment_method_collection"})
    if (params.contains(name) && !params.at(name).is_null()) session[name] = params.at(name);
  if (mode == "payment") {
    if (session.at("customer_creation").is_null() && !params.contains("customer"))
      session["customer_creation"] = "if_required";
    const bool invoices = params.contains("invoice_creation") &&
                          params.at("invoice_creation").value("enabled", false);
    session["invoice_creation"] = {{"enabled", invoices},
                                   {"invoice_data",
                                    {{"account_tax_ids", nullptr},
                                     {"custom_fields", nullptr},
                                     {"description", nullptr},
                                     {"footer", nullptr},
                                     {"issuer", nullptr},
                                     {"metadata", Json::object()},
                                     {"rendering_options", nullptr}}}};
    if (invoices && params.at("invoice_creation").contains("invoice_data"))
      session["invoice_creation"]["invoice_data"].update(
          params.at("invoice_creation").at("invoice_data"));
  }
  session["_payment_intent_data"] = params.value("payment_intent_data", Json::object());
  session["_subscription_data"] = params.value("subscription_data", Json::object());
  merge_metadata(session, params);
  set_customer(call.scene, session, params);
  set_money(session, *lines, mode);
  if (*ui_mode == "hosted_page") {
    session["url"] = "https://checkout.stripe.com/c/pay/" + id;
  } else {
    session["client_secret"] = id + "_secret_" + call.scene.world.make_id("", 40);
    if (*ui_mode == "embedded_page" && !session.contains("redirect_on_completion"))
      session["redirect_on_completion"] = "always";
  }
  call.scene.world.timers.insert({.at = *expires_at * 1000,
                                  .kind = Timer::Kind::session_expires,
                                  .account = call.scene.account.id,
                                  .id = id});
  return call.scene.account.add(std::move(session));
}

Answer<Json> update_session(const Call& call) {
  Json* session = call.scene.account.find("checkout.session", call.id);
  if (session == nullptr) return no_such("checkout.session", call.id);
  merge_metadata(*session, call.params);
  return *session;
}

Answer<Json> expire_session(const Call& call) {
  const Json* session = call.scene.account.find("checkout.session", call.id);
  if (session == nullptr) return no_such("checkout.session", call.id);
  const auto status = text_of(*session, "status");
  if (status != "open")
    return refused(
        "", "",
        "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout "
        "Session has a status of " +
            status + ".");
  expire_session_if_open(call.scene, call.id);
  return *session;
}

Answer<Json> list_session_lines(const Call& call) {
  const Json* session = call.scene.account.find("checkout.session", call.id);
  if (session == nullptr) return no_such("checkout.session", call.id);
  return session->at("_line_items");
}

}  // namespace sequent::sandbox::stripe
