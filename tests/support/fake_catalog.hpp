#pragma once
// A catalog in memory: `http`, and activities with the schemas that a test gives them.
#include <catch2/catch.hpp>
#include <deque>

#include "engine/definition/activity_spec.hpp"

namespace sequent::test {

class FakeCatalog : public definition::ActivityCatalog {
 public:
  FakeCatalog() {
    add("http", Json(true));
    add("debug.echo", Json(true));
    add("stripe.customers.create", Json::parse(R"({
      "type": "object",
      "properties": {
        "email": {"type": "string"},
        "name": {"type": "string"},
        "limit": {"type": "integer", "minimum": 1},
        "address": {
          "type": "object",
          "properties": {"country": {"type": "string", "maxLength": 2}},
          "required": ["country"],
          "additionalProperties": false
        }
      },
      "required": ["email"],
      "additionalProperties": false
    })"));
  }

  void add(const std::string& name, Json input_schema) {
    auto compiled = schema::Schema::compile(input_schema);
    REQUIRE(compiled);
    definition::ActivitySpec spec;
    spec.name = name;
    spec.version = "1";
    spec.provider = name.substr(0, name.find('.'));
    spec.input_schema = std::move(input_schema);
    spec.input = std::make_shared<const schema::Schema>(*std::move(compiled));
    specs_.push_back(std::move(spec));
  }

  const definition::ActivitySpec* find(std::string_view name,
                                       std::string_view version) const override {
    for (const auto& spec : specs_)
      if (spec.name == name && (version.empty() || spec.version == version)) return &spec;
    return nullptr;
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& spec : specs_) out.push_back(spec.name);
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  std::deque<definition::ActivitySpec> specs_;  // find() gives out addresses
};

}  // namespace sequent::test
