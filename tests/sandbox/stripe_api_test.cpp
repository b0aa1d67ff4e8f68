// Transport, parameters and the simple resources.
#include "base/digest.hpp"
#include "support.hpp"

namespace sequent::sandbox {
namespace {

TEST_CASE("only the secret key opens the door, as bearer or as basic user") {
  StripeTest test;
  test.stripe.always.clear();
  const auto none = test.stripe.get("/v1/customers");
  CHECK(none.status == 401);
  CHECK(none.body["error"]["type"] == "invalid_request_error");
  CHECK(test.stripe.get("/v1/customers", {{"Authorization", "Bearer sk_test_wrong"}}).status ==
        401);
  CHECK(test.stripe.get("/v1/customers", {{"Authorization", "Bearer sk_test_sandbox"}}).status ==
        200);
  const auto basic = "Basic " + base64_encode("sk_test_sandbox:");
  CHECK(test.stripe.get("/v1/customers", {{"Authorization", basic}}).status == 200);
}

TEST_CASE("parameters are checked by name, type and length") {
  StripeTest test;
  struct Case {
    const char* path;
    std::string body;
    const char* code;
    const char* param;
  };
  const std::vector<Case> cases{
      {"/v1/customers", "nmae=x", "parameter_unknown", "nmae"},
      {"/v1/customers", "address[street]=x", "parameter_unknown", "address[street]"},
      {"/v1/customers", "balance=ten", "parameter_invalid_integer", "balance"},
      {"/v1/customers", "email=nobody", "email_invalid", "email"},
      {"/v1/products", "", "parameter_missing", "name"},
      {"/v1/products", "name=", "parameter_invalid_empty", "name"},
      {"/v1/checkout/sessions", "success_url=https://x.test", "parameter_missing", "mode"},
      {"/v1/checkout/sessions",
       "mode=payment&success_url=https://"
       "x.test&line_items[0][price]=price_mug&line_items[0][quantity]=many",
       "parameter_invalid_integer", "line_items[0][quantity]"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.path, one.body);
    const auto answer = test.stripe.post(one.path, one.body);
    CHECK(answer.status == 400);
    CHECK(answer.body["error"]["type"] == "invalid_request_error");
    CHECK(answer.body["error"]["code"] == one.code);
    CHECK(answer.body["error"]["param"] == one.param);
  }
  CHECK(test.stripe.post("/v1/customers", "email=" + std::string(520, 'a') + "%40x.test").status ==
        400);
  CHECK(test.stripe.get("/v1/customers?limit=101").status == 400);
  CHECK(test.stripe.post("/v1/customers", "{}", {{"Content-Type", "application/json"}}).status ==
        400);
}

TEST_CASE("metadata has 50 keys of 40 characters with values of 500 at most") {
  StripeTest test;
  const auto with = [&](const std::string& key, const std::string& value) {
    return test.stripe.post("/v1/customers", "metadata[" + key + "]=" + value).status;
  };
  CHECK(with(std::string(40, 'k'), std::string(500, 'v')) == 200);
  CHECK(with(std::string(41, 'k'), "v") == 400);
  CHECK(with("k", std::string(501, 'v')) == 400);
  std::string many;
  for (int i = 0; i < 50; ++i) many += "metadata[k" + std::to_string(i) + "]=v&";
  CHECK(test.stripe.post("/v1/customers", many).status == 200);
  CHECK(test.stripe.post("/v1/customers", many + "metadata[more]=v").status == 400);
}

TEST_CASE("metadata with numbers as keys stays a map") {
  StripeTest test;
  const auto made = test.stripe.post("/v1/customers", "metadata[0]=a&metadata[1]=b");
  CHECK(made.body["metadata"] == Json{{"0", "a"}, {"1", "b"}});
}

TEST_CASE("a customer is made, read, changed and deleted") {
  StripeTest test;
  const auto made = test.stripe.post(
      "/v1/customers",
      "email=jean%40x.test&name=Jean&metadata[user_id]=42&metadata[b]=2&address[city]=Lyon");
  REQUIRE(made.status == 200);
  const auto id = made.body.at("id").get<std::string>();
  CHECK(id.starts_with("cus_"));
  CHECK(made.body["address"]["city"] == "Lyon");
  CHECK(made.body["address"]["line1"].is_null());
  const auto changed = test.stripe.post("/v1/customers/" + id, "name=&metadata[b]=&metadata[c]=3");
  CHECK(changed.body["name"].is_null());
  CHECK(changed.body["metadata"] == Json{{"user_id", "42"}, {"c", "3"}});
  CHECK(changed.body["email"] == "jean@x.test");
  const auto deleted = test.stripe.call("DELETE", "/v1/customers/" + id);
  CHECK(deleted.body == Json{{"id", id}, {"object", "customer"}, {"deleted", true}});
  CHECK(test.read("/v1/customers/" + id) == deleted.body);
  CHECK(test.stripe.post("/v1/customers/" + id, "name=x").status == 404);
  CHECK(test.stripe.call("DELETE", "/v1/customers/" + id).status == 404);
  CHECK(test.read("/v1/customers").at("data").empty());
  CHECK(test.event_types() ==
        std::vector<std::string>{"customer.created", "customer.updated", "customer.deleted"});
}

TEST_CASE("unknown ids are 404 in the path and 400 in a parameter") {
  StripeTest test;
  const auto path = test.stripe.get("/v1/customers/cus_none");
  CHECK(path.status == 404);
  CHECK(path.body["error"]["code"] == "resource_missing");
  const auto param = test.stripe.post(
      "/v1/checkout/sessions",
      "mode=payment&success_url=https://"
      "x.test&customer=cus_none&line_items[0][price]=price_mug&line_items[0][quantity]=1");
  CHECK(param.status == 400);
  CHECK(param.body["error"]["code"] == "resource_missing");
  CHECK(param.body["error"]["param"] == "customer");
  CHECK(test.stripe.get("/v1/unicorns").status == 404);
}

TEST_CASE("ids of one account are unknown in another") {
  StripeTest test;
  test.account("acct_1");
  test.account("acct_2");
  const auto made = test.stripe.post("/v1/customers", "name=A", {{"Stripe-Account", "acct_1"}});
  const auto path = "/v1/customers/" + made.body.at("id").get<std::string>();
  CHECK(test.stripe.get(path, {{"Stripe-Account", "acct_1"}}).status == 200);
  CHECK(test.stripe.get(path, {{"Stripe-Account", "acct_2"}}).status == 404);
  CHECK(test.stripe.get(path).status == 404);
  const auto no_account = test.stripe.get(path, {{"Stripe-Account", "acct_3"}});
  CHECK(no_account.status == 403);
  CHECK(no_account.body["error"]["code"] == "account_invalid");
}

TEST_CASE("lists are newest first and paged both ways") {
  StripeTest test;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(test.customer());
  const Json first = test.read("/v1/customers?limit=2");
  CHECK(first.at("has_more") == true);
  CHECK(first.at("data").at(0).at("id") == ids[4]);
  CHECK(first.at("data").at(1).at("id") == ids[3]);
  const Json last = test.read("/v1/customers?limit=3&starting_after=" + ids[3]);
  CHECK(last.at("has_more") == false);
  REQUIRE(last.at("data").size() == 3);
  CHECK(last.at("data").at(2).at("id") == ids[0]);
  const Json before = test.read("/v1/customers?limit=2&ending_before=" + ids[0]);
  REQUIRE(before.at("data").size() == 2);
  CHECK(before.at("has_more") == true);
  CHECK(before.at("data").at(1).at("id") == ids[1]);
  CHECK(test.stripe.get("/v1/customers?starting_after=cus_none").status == 400);
}

TEST_CASE("customers are found by e-mail and by time of creation") {
  StripeTest test;
  test.customer("a@x.test");
  test.stripe.now += 10'000;
  test.customer("b@x.test");
  const Json by_email = test.read("/v1/customers?email=a%40x.test");
  REQUIRE(by_email.at("data").size() == 1);
  CHECK(by_email.at("data").at(0).at("email") == "a@x.test");
  const auto later = test_start / 1000 + 5;
  CHECK(test.read("/v1/customers?created[gte]=" + std::to_string(later)).at("data").size() == 1);
  CHECK(test.read("/v1/customers?created[lt]=" + std::to_string(later)).at("data").size() == 1);
}

TEST_CASE("products and prices: chosen ids and lookup keys are unique") {
  StripeTest test;
  CHECK(test.stripe.post("/v1/products", "name=Offer&id=offer").status == 200);
  const auto again = test.stripe.post("/v1/products", "name=Offer&id=offer");
  CHECK(again.body["error"]["code"] == "resource_already_exists");
  const std::string price = "currency=eur&unit_amount=500&product=offer&lookup_key=offer";
  CHECK(test.stripe.post("/v1/prices", price).status == 200);
  CHECK(test.stripe.post("/v1/prices", price).status == 400);
  CHECK(test.stripe.post("/v1/prices", price + "&transfer_lookup_key=true").status == 200);
  CHECK(test.read("/v1/prices?lookup_keys[]=offer").at("data").size() == 1);
  CHECK(test.stripe.post("/v1/prices", "currency=eur&product=offer").status == 400);
  const auto with_price = test.stripe.post(
      "/v1/products",
      "name=Plan&default_price_data[currency]=eur&default_price_data[unit_amount]=1000"
      "&default_price_data[recurring][interval]=month&expand[]=default_price");
  CHECK(with_price.body["default_price"]["recurring"]["interval"] == "month");
}

TEST_CASE("expansion replaces ids by objects, and refuses what cannot be expanded") {
  StripeTest test;
  const auto customer = test.customer();
  const auto id = test.session("payment", "price_mug", "&customer=" + customer);
  const Json session =
      test.read("/v1/checkout/sessions/" + id + "?expand[]=customer&expand[]=line_items");
  CHECK(session.at("customer").at("email") == "jean@example.com");
  CHECK(session.at("line_items").at("data").at(0).at("price").at("id") == "price_mug");
  CHECK_FALSE(test.read("/v1/checkout/sessions/" + id).contains("line_items"));
  CHECK(test.read("/v1/checkout/sessions?expand[]=data.customer")
            .at("data")
            .at(0)
            .at("customer")
            .is_object());
  CHECK(test.stripe.get("/v1/checkout/sessions/" + id + "?expand[]=mode").status == 400);
  CHECK(test.stripe.get("/v1/checkout/sessions/" + id + "?expand[]=a.b.c.d.e").status == 400);
}

TEST_CASE("two sandboxes of one seed give the same ids, another seed gives others") {
  StripeTest one;
  StripeTest same;
  stripe::StripeOptions options;
  options.seed = 2;
  StripeTest other(options);
  const auto id = one.customer();
  CHECK(same.customer() == id);
  CHECK(other.customer() != id);
  one.stripe.admin("reset", Json::object());
  CHECK(one.customer() == id);
}

TEST_CASE("a version that is none is refused, and the given one is echoed") {
  StripeTest test;
  CHECK(test.stripe.get("/v1/customers", {{"Stripe-Version", "newest"}}).status == 400);
  const auto old = test.stripe.get("/v1/customers", {{"Stripe-Version", "2023-08-16"}});
  CHECK(old.headers.value("Stripe-Version") == "2023-08-16");
  CHECK(old.headers.value("Request-Id").starts_with("req_"));
}

}  // namespace
}  // namespace sequent::sandbox
