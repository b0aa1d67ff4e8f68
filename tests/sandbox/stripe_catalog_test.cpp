// Products and prices: what can change, what cannot, and what is told of it.
#include "billing_support.hpp"

namespace sequent::sandbox {
namespace {

const std::string price_of_offer = "currency=eur&unit_amount=500&product=offer";

TEST_CASE("a product's default price is one of its own, active prices") {
  BillingTest test;
  test.post("/v1/products", "name=Offer&id=offer");
  const auto price = text_of(test.post("/v1/prices", price_of_offer), "id");
  CHECK(test.post("/v1/products/offer", "default_price=" + price).at("default_price") == price);
  CHECK(test.event("product.updated").at("data").at("previous_attributes").at("default_price") ==
        nullptr);
  CHECK(test.refused("/v1/products/offer", "default_price=price_mug").at("param") ==
        "default_price");
  CHECK(test.refused("/v1/products/offer", "default_price=price_none").at("code") ==
        "resource_missing");
  const auto error = test.refused("/v1/prices/" + price, "active=false");
  CHECK(text_of(error, "message").find("default price") != std::string::npos);
  const auto other = text_of(test.post("/v1/prices", price_of_offer), "id");
  test.post("/v1/products/offer", "default_price=" + other);
  CHECK(test.post("/v1/prices/" + price, "active=false").at("active") == false);
  test.refused("/v1/products/offer", "default_price=" + price);
}

TEST_CASE("a product without prices is deleted, one with prices is archived") {
  BillingTest test;
  test.post("/v1/products", "name=Offer&id=offer");
  test.post("/v1/products", "name=Other&id=other");
  test.post("/v1/prices", price_of_offer);
  test.refused("/v1/products/offer", "", 400, "DELETE");
  CHECK(test.post("/v1/products/offer", "active=false").at("active") == false);
  CHECK(test.event("product.updated").at("data").at("previous_attributes").at("active") == true);
  CHECK(test.stripe.call("DELETE", "/v1/products/other").body ==
        Json{{"id", "other"}, {"object", "product"}, {"deleted", true}});
  CHECK(test.event("product.deleted").at("data").at("object").at("name") == "Other");
  CHECK(test.stripe.get("/v1/products/other").status == 404);
  CHECK(test.refused("/v1/products/other", "", 404, "DELETE").at("code") == "resource_missing");
}

TEST_CASE("amount, currency and interval of a price never change") {
  BillingTest test;
  for (const char* change : {"unit_amount=1", "currency=usd", "recurring[interval]=year"})
    CHECK(test.refused("/v1/prices/" + monthly, change).at("code") == "parameter_unknown");
  CHECK(test.post("/v1/prices/" + monthly, "nickname=Basic").at("nickname") == "Basic");
}

TEST_CASE("a lookup key moves from price to price only when it is asked to") {
  BillingTest test;
  CHECK(test.refused("/v1/prices", "currency=eur&unit_amount=1&product=prod_mug&lookup_key=mug")
            .at("param") == "lookup_key");
  CHECK(test.count("/v1/events?type=price.updated") == 0);
  const auto price = test.post(
      "/v1/prices",
      "currency=eur&unit_amount=1&product=prod_mug&lookup_key=mug&transfer_lookup_key=true");
  CHECK(test.get("/v1/prices?lookup_keys[]=mug").at("data").at(0).at("id") == price.at("id"));
  const auto told = test.event("price.updated").at("data");
  CHECK(told.at("object").at("id") == "price_mug");
  CHECK(told.at("previous_attributes") == Json{{"lookup_key", "mug"}});
}

TEST_CASE("a product made with its price cannot take an id that is taken") {
  BillingTest test;
  CHECK(test.refused("/v1/prices",
                     "currency=eur&unit_amount=1&product_data[name]=X&product_data[id]=prod_mug")
            .at("code") == "resource_already_exists");
  CHECK(test.count("/v1/prices?type=recurring&recurring[interval]=year") == 1);
}

}  // namespace
}  // namespace sequent::sandbox
