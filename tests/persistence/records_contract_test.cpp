// The contract of records.*: what each operation means, and that it happens exactly once.
#include <catch2/catch.hpp>

#include "engine/runtime/record_operations.hpp"
#include "tests/persistence/store_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;

namespace {

/// One run that performs operations, each under a key of its own unless one is given.
class Desk {
 public:
  Desk() : under_test_(make()), owner_(*under_test_), id_(new_id()) { owner_.write(start_of(id_)); }

  Result<Json> run(const std::string& activity, const Json& arguments, std::string key = "") {
    if (key.empty()) key = "key-" + std::to_string(++keys_);
    InstanceChange change = change_of(id_, seq_++);
    change.operations = {{7, 3, key, activity, arguments}};
    auto results = owner_.write(change).operations;
    REQUIRE(results.size() == 1);
    CHECK(results.front().frame == 7);
    CHECK(results.front().attempt == 3);
    return std::move(results.front().output);
  }
  Json must(const std::string& activity, const Json& arguments) {
    auto output = run(activity, arguments);
    if (!output) FAIL(output.error().detail);
    return *output;
  }
  ErrorCode error(const std::string& activity, const Json& arguments) {
    const auto output = run(activity, arguments);
    if (output) FAIL("expected an error, got " << output->dump());
    CHECK_FALSE(output.error().detail.empty());
    return output.error().code;
  }
  void end() {
    InstanceChange change = change_of(id_, seq_++);
    change.row.status = "completed";
    change.ended = true;
    owner_.write(change);
  }
  runtime::RecordReads& reads() { return under_test_->records(); }

 private:
  static std::unique_ptr<StoreUnderTest> make() {
    const auto kinds = stores_under_test();
    const auto index = GENERATE_COPY(range(std::size_t{0}, kinds.size()));
    INFO(kinds[index].name);
    return kinds[index].make();
  }
  std::unique_ptr<StoreUnderTest> under_test_;
  Owner owner_;
  InstanceId id_;
  std::uint64_t seq_ = 1;
  int keys_ = 0;
};

Json at(const std::string& key, const Json& more = Json::object()) {
  Json arguments = {{"collection", "c"}, {"key", key}};
  arguments.update(more);
  return arguments;
}

}  // namespace

TEST_CASE("put writes, get reads, delete removes", "[store]") {
  Desk desk;
  CHECK(desk.must("records.get", at("a")) ==
        Json({{"found", false}, {"value", nullptr}, {"version", 0}}));
  CHECK(desk.must("records.put", at("a", {{"value", {{"n", 1}}}}))["created"] == true);
  CHECK(desk.must("records.put", at("a", {{"value", {{"n", 2}}}}))["version"] == 2);
  CHECK(desk.must("records.get", at("a")) ==
        Json({{"found", true}, {"value", {{"n", 2}}}, {"version", 2}}));
  CHECK(desk.reads().get("c", "a") == Json({{"n", 2}}));
  CHECK(desk.must("records.delete", at("a"))["deleted"] == true);
  CHECK(desk.must("records.delete", at("a"))["deleted"] == false);
  CHECK_FALSE(desk.reads().get("c", "a").has_value());
}

TEST_CASE("a repeated key gives the stored result and changes nothing", "[store]") {
  Desk desk;
  const Json arguments = at("a", {{"path", "n"}, {"by", 5}});
  CHECK(desk.run("records.increment", arguments, "k")->at("value") == 5);
  CHECK(desk.run("records.increment", arguments, "k")->at("value") == 5);
  CHECK(desk.reads().get("c", "a") == Json({{"n", 5}}));

  SECTION("errors are stored too") {
    const Json update = at("missing", {{"merge", {{"n", 1}}}});
    CHECK(desk.run("records.update", update, "e").error().code == ErrorCode::not_found);
    desk.must("records.put", at("missing", {{"value", 1}}));
    CHECK(desk.run("records.update", update, "e").error().code == ErrorCode::not_found);
  }
  SECTION("results go when the run has ended") {
    desk.end();
    CHECK(desk.run("records.increment", arguments, "k")->at("value") == 10);
  }
}

TEST_CASE("create refuses what exists with another value", "[store]") {
  Desk desk;
  const Json arguments = at("a", {{"value", {{"n", 1}}}});
  CHECK(desk.must("records.create", arguments)["created"] == true);
  CHECK(desk.must("records.create", arguments)["created"] == false);
  CHECK(desk.error("records.create", at("a", {{"value", {{"n", 2}}}})) == ErrorCode::conflict);
  CHECK(desk.reads().get("c", "a") == Json({{"n", 1}}));
}

TEST_CASE("a unique value belongs to one record", "[store]") {
  Desk desk;
  desk.must("records.create", at("a", {{"value", 1}, {"unique", {{"email", "x"}}}}));
  const Json clash = at("b", {{"value", 2}, {"unique", {{"email", "x"}}}});
  CHECK(desk.error("records.create", clash) == ErrorCode::conflict);
  CHECK(desk.error("records.put", clash) == ErrorCode::conflict);
  CHECK_FALSE(desk.reads().get("c", "b").has_value());

  SECTION("ensure adopts the record that holds it") {
    CHECK(desk.must("records.ensure", clash) ==
          Json({{"created", false}, {"key", "a"}, {"value", 1}, {"version", 1}}));
  }
  SECTION("it is free when its record goes, or declares others") {
    if (GENERATE(true, false))
      desk.must("records.delete", at("a"));
    else
      desk.must("records.put", at("a", {{"value", 1}, {"unique", {{"email", "y"}}}}));
    CHECK(desk.must("records.create", clash)["created"] == true);
  }
  SECTION("a write that declares nothing keeps it") {
    desk.must("records.put", at("a", {{"value", 3}}));
    CHECK(desk.error("records.create", clash) == ErrorCode::conflict);
  }
  SECTION("another collection has its own") {
    Json elsewhere = clash;
    elsewhere["collection"] = "d";
    CHECK(desk.must("records.create", elsewhere)["created"] == true);
  }
  SECTION("null is no value") {
    desk.must("records.create", at("p", {{"value", 1}, {"unique", {{"phone", nullptr}}}}));
    desk.must("records.create", at("q", {{"value", 2}, {"unique", {{"phone", nullptr}}}}));
  }
}

TEST_CASE("ensure makes a record once", "[store]") {
  Desk desk;
  CHECK(desk.must("records.ensure", at("a", {{"value", 1}}))["created"] == true);
  const Json again = desk.must("records.ensure", at("a", {{"value", 2}}));
  CHECK(again["created"] == false);
  CHECK(again["value"] == 1);
}

TEST_CASE("update compares and sets", "[store]") {
  Desk desk;
  CHECK(desk.error("records.update", at("a", {{"merge", {{"n", 1}}}})) == ErrorCode::not_found);
  desk.must("records.put", at("a", {{"value", {{"state", "open"}, {"deep", {{"x", 1}}}}}}));
  CHECK(desk.must("records.update", at("a", {{"merge", {{"state", "paid"}, {"deep", nullptr}}},
                                             {"ifVersion", 1},
                                             {"ifMatch", {{"state", "open"}, {"/deep/x", 1}}}}))
            .at("value") == Json({{"state", "paid"}}));
  CHECK(desk.error("records.update", at("a", {{"value", 0}, {"ifVersion", 1}})) ==
        ErrorCode::conflict);
  CHECK(desk.error("records.update", at("a", {{"value", 0}, {"ifMatch", {{"state", "open"}}}})) ==
        ErrorCode::conflict);
  CHECK(desk.error("records.put", at("a", {{"value", 0}, {"ifVersion", 0}})) ==
        ErrorCode::conflict);
  CHECK(desk.error("records.update", at("a")) == ErrorCode::invalid_request);
  CHECK(desk.reads().get("c", "a") == Json({{"state", "paid"}}));
}

TEST_CASE("upsertMonotonic never goes back", "[store]") {
  Desk desk;
  const auto arrive = [&](const std::string& state, int n) {
    return desk.must(
        "records.upsertMonotonic",
        at("in_1", {{"value", {{"status", state}, {"n", n}}},
                    {"rankPath", "status"},
                    {"ranks", {{"draft", 0}, {"open", 1}, {"paid", 2}, {"void", 2}}}}));
  };
  CHECK(arrive("open", 1)["written"] == true);
  CHECK(arrive("draft", 2)["written"] == false);
  CHECK(arrive("open", 3)["written"] == true);
  CHECK(arrive("paid", 4)["written"] == true);
  CHECK(arrive("open", 5)["written"] == false);
  const Json last = arrive("void", 6);
  CHECK(last["written"] == false);
  CHECK(last["value"] == Json({{"status", "paid"}, {"n", 4}}));
  CHECK(desk.error("records.upsertMonotonic", at("in_1", {{"value", {{"status", "odd"}}},
                                                          {"rankPath", "status"},
                                                          {"ranks", {{"open", 1}}}})) ==
        ErrorCode::invalid_request);
}

TEST_CASE("increment counts from nothing and refuses what is no number", "[store]") {
  Desk desk;
  CHECK(desk.must("records.increment", at("a", {{"path", "used.total"}}))["value"] == 1);
  CHECK(desk.must("records.increment", at("a", {{"path", "/used/total"}, {"by", -3}}))["value"] ==
        -2);
  CHECK(desk.must("records.increment", at("a", {{"path", "used.total"}, {"by", 0.5}}))["value"] ==
        -1.5);
  desk.must("records.put", at("b", {{"value", {{"t", "text"}, {"big", INT64_MAX}}}}));
  CHECK(desk.error("records.increment", at("b", {{"path", "t"}})) == ErrorCode::conflict);
  CHECK(desk.error("records.increment", at("b", {{"path", "t.x"}})) == ErrorCode::conflict);
  CHECK(desk.error("records.increment", at("b", {{"path", "big"}})) == ErrorCode::conflict);
}

TEST_CASE("list pages through a collection by prefix", "[store]") {
  Desk desk;
  for (const char* key : {"a:1", "a:2", "a:3", "a%", "b:1"})
    desk.must("records.put", at(key, {{"value", key}}));
  const Json first =
      desk.must("records.list", {{"collection", "c"}, {"prefix", "a:"}, {"limit", 2}});
  REQUIRE(first["items"].size() == 2);
  CHECK(first["items"][0] == Json({{"key", "a:1"}, {"value", "a:1"}, {"version", 1}}));
  CHECK(first["next"] == "a:2");
  const Json rest =
      desk.must("records.list",
                {{"collection", "c"}, {"prefix", "a:"}, {"after", first["next"]}, {"limit", 2}});
  CHECK(rest["items"].size() == 1);
  CHECK(rest["next"].is_null());
  CHECK(desk.must("records.list", {{"collection", "c"}})["items"].size() == 5);
  CHECK(desk.reads().list("c", "a:3", 10).size() == 1);
}

TEST_CASE("arguments that do not fit are refused and nothing is written", "[store]") {
  Desk desk;
  CHECK(desk.error("records.put", at("a")) == ErrorCode::invalid_request);
  CHECK(desk.error("records.put", {{"key", "a"}, {"value", 1}}) == ErrorCode::invalid_request);
  CHECK(desk.error("records.put", {{"collection", "c"}, {"value", 1}}) ==
        ErrorCode::invalid_request);
  CHECK(desk.error("records.put", at("a", {{"value", 1}, {"ifVersion", "x"}})) ==
        ErrorCode::invalid_request);
  CHECK(desk.error("records.list", {{"collection", "c"}, {"limit", 1001}}) ==
        ErrorCode::invalid_request);
  CHECK(desk.error("records.put", "text") == ErrorCode::invalid_request);
  CHECK(desk.error("records.fly", at("a")) == ErrorCode::not_found);
  const std::string large(runtime::max_record_bytes, 'x');
  CHECK(desk.error("records.put", at("a", {{"value", large}})) == ErrorCode::too_large);
  CHECK_FALSE(desk.reads().get("c", "a").has_value());
}

TEST_CASE("the catalog offers every operation with schemas that take its arguments", "[store]") {
  const auto specs = runtime::record_activities();
  CHECK(specs.size() == 9);
  for (const auto& spec : specs) {
    CAPTURE(spec.name);
    CHECK(spec.in_store);
    CHECK(spec.name.starts_with("records."));
    REQUIRE(spec.input != nullptr);
    CHECK_FALSE(spec.input->validate(Json::object()).empty());
    if (spec.name == "records.update") {
      CHECK_FALSE(spec.input->validate(at("a")).empty());
      CHECK(spec.input->validate(at("a", {{"merge", Json::object()}})).empty());
    }
    if (spec.name == "records.put")
      CHECK(spec.input->validate(at("a", {{"value", nullptr}, {"unique", {{"e", "x"}}}})).empty());
  }
}
