// The definitions by hand. Each call says what its effect is: {op, run, at}.
#include <array>

#include "engine/runtime/store.hpp"
#include "simulation/workflows.hpp"

namespace sequent::simulation {
namespace {

struct Named {
  const char* name;
  const char* body;  // members of the document beside `document`
};

constexpr std::array<Named, 9> texts{{
    {"sequence", R"({"do": [
      {"charge": {"call": "shop.charge",
                  "with": {"op": "charge", "run": "${ $workflow.id }", "at": []}}},
      {"book": {"call": "shop.book",
                "with": {"op": "book", "run": "${ $workflow.id }", "at": []}}},
      {"keep": {"call": "records.put",
                "with": {"op": "keep", "run": "${ $workflow.id }", "at": []}}},
      {"read": {"call": "shop.read",
                "with": {"op": "read", "run": "${ $workflow.id }", "at": []}}},
      {"last": {"set": {"done": true}}}]})"},
    {"loop", R"({"do": [
      {"each": {"for": {"each": "item", "at": "index", "in": "${ $workflow.input.items }"},
                "do": [
        {"charge": {"call": "shop.charge",
                    "with": {"op": "charge", "run": "${ $workflow.id }", "at": ["${ $index }"]}}},
        {"pause": {"wait": {"seconds": 20}}},
        {"book": {"call": "shop.book",
                  "with": {"op": "book", "run": "${ $workflow.id }", "at": ["${ $index }"]}}}]}}]})"},
    {"branches", R"({"do": [
      {"side": {"fork": {"branches": [
        {"charge": {"call": "shop.charge",
                    "with": {"op": "charge", "run": "${ $workflow.id }", "at": []}}},
        {"later": {"do": [
          {"pause": {"wait": {"seconds": 45}}},
          {"book": {"call": "shop.book",
                    "with": {"op": "book", "run": "${ $workflow.id }", "at": []}}}]}},
        {"hear": {"listen": {"to": {"one": {"with": {"type": "go.branches"},
          "correlate": {"run": {"from": "${ .data.run }", "expect": "${ $workflow.id }"}}}}}}}]}}},
      {"keep": {"call": "records.put",
                "with": {"op": "keep", "run": "${ $workflow.id }", "at": []}}}]})"},
    {"mending", R"({"do": [
      {"guarded": {"try": [
        {"first": {"call": "shop.charge",
                   "with": {"op": "first", "run": "${ $workflow.id }", "at": []}}},
        {"second": {"call": "shop.once",
                    "with": {"op": "second", "run": "${ $workflow.id }", "at": []}}}],
        "catch": {"retry": {"delay": {"seconds": 1}, "backoff": {"exponential": {}},
                            "limit": {"attempt": {"count": 2}}},
          "do": [{"undo": {"call": "shop.book",
                           "with": {"op": "undo", "run": "${ $workflow.id }", "at": []}}}]}}},
      {"refused": {"try": [
        {"raise": {"raise": {"error": {"type": "https://simulation.example/designed",
                                       "status": 422, "title": "as designed"}}}}],
        "catch": {"errors": {"with": {"status": 422}},
          "do": [{"note": {"set": {"caught": true}}}]}}}]})"},
    {"payment", R"({"do": [
      {"open": {"call": "shop.charge",
                "with": {"op": "open", "run": "${ $workflow.id }", "at": []}}},
      {"await": {"try": [
        {"paid": {"timeout": {"after": {"minutes": 4}},
          "listen": {"to": {"any": [
            {"with": {"type": "go.paid"},
             "correlate": {"run": {"from": "${ .data.run }", "expect": "${ $workflow.id }"}}},
            {"with": {"type": "go.failed"},
             "correlate": {"run": {"from": "${ .data.run }", "expect": "${ $workflow.id }"}}}]}}}}],
        "catch": {"errors": {"with": {"status": 408}},
          "do": [{"expire": {"call": "shop.charge",
                             "with": {"op": "expire", "run": "${ $workflow.id }", "at": []}}}]}}},
      {"keep": {"call": "records.put",
                "with": {"op": "keep", "run": "${ $workflow.id }", "at": []}}},
      {"tell": {"emit": {"event": {"with": {"source": "https://simulation.example",
        "type": "made.payment", "data": {"run": "${ $workflow.id }"}}}}}}]})"},
    {"parent", R"({"do": [
      {"both": {"fork": {"branches": [
        {"child": {"run": {"workflow": {"namespace": "simulation", "name": "sequence",
                                        "version": "1.0.0"}}}},
        {"other": {"run": {"workflow": {"namespace": "simulation", "name": "loop",
                   "version": "1.0.0", "input": "${ $workflow.input }"}}}}]}}},
      {"leave": {"run": {"await": false, "workflow": {"namespace": "simulation",
                 "name": "sequence", "version": "1.0.0"}}}}]})"},
    {"race", R"({"do": [
      {"first": {"fork": {"compete": true, "branches": [
        {"charge": {"call": "shop.charge",
                    "with": {"op": "charge", "run": "${ $workflow.id }", "at": []}}},
        {"pause": {"wait": {"seconds": 3}}},
        {"child": {"run": {"workflow": {"namespace": "simulation", "name": "sequence",
                                        "version": "1.0.0"}}}}]}}},
      {"book": {"call": "shop.book",
                "with": {"op": "book", "run": "${ $workflow.id }", "at": []}}}]})"},
    {"onMade", R"({"schedule": {"on": {"one": {"with": {"type": "made.payment"}}}}, "do": [
      {"charge": {"call": "shop.charge",
                  "with": {"op": "charge", "run": "${ $workflow.id }", "at": []}}}]})"},
    {"onAnything", R"({"schedule": {"on": {"one": {"with": {"type": "made.anything"}}}}, "do": [
      {"note": {"set": {"started": true}}},
      {"keep": {"call": "records.put",
                "with": {"op": "keep", "run": "${ $workflow.id }", "at": []}}}]})"},
}};

constexpr std::array<Named, 3> scheduled{{
    {"everySoOften", R"({"schedule": {"every": {"seconds": 170}}, "do": [
      {"charge": {"call": "shop.charge",
                  "with": {"op": "charge", "run": "${ $workflow.id }", "at": []}}}]})"},
    {"byTheClock", R"({"schedule": {"cron": "*/7 * * * *"}, "do": [
      {"keep": {"call": "records.put",
                "with": {"op": "keep", "run": "${ $workflow.id }", "at": []}}}]})"},
    {"afterItself", R"({"schedule": {"after": {"seconds": 230}}, "do": [
      {"read": {"call": "shop.read",
                "with": {"op": "read", "run": "${ $workflow.id }", "at": []}}},
      {"pause": {"wait": {"seconds": 5}}}]})"},
}};

constexpr std::array<Named, 2> keyed{{
    {"order", R"({"do": [
      {"charge": {"call": "shop.once",
                  "with": {"op": "charge", "run": "${ $workflow.id }", "at": []}}},
      {"pause": {"wait": {"seconds": 15}}},
      {"keep": {"call": "records.put",
                "with": {"op": "keep", "run": "${ $workflow.id }", "at": []}}}]})"},
    {"refusedOrder", R"({"do": [
      {"charge": {"call": "shop.once",
                  "with": {"op": "charge", "run": "${ $workflow.id }", "at": []}}},
      {"raise": {"raise": {"error": {"type": "https://simulation.example/designed",
                                     "status": 422, "title": "as designed"}}}}]})"},
}};

template <std::size_t count>
std::vector<Json> documents_of(const std::array<Named, count>& list) {
  std::vector<Json> all;
  for (const auto& text : list) {
    Json document = Json::parse(text.body);
    document["document"] = {
        {"dsl", "1.0.3"}, {"namespace", "simulation"}, {"name", text.name}, {"version", "1.0.0"}};
    all.push_back(std::move(document));
  }
  return all;
}

}  // namespace

std::vector<Json> fixed_workflows() {
  return documents_of(texts);
}

std::vector<Json> keyed_workflows() {
  auto all = documents_of(keyed);
  for (auto& document : all) document["document"]["metadata"] = {{"key", ".order"}};
  return all;
}

std::vector<Json> scheduled_workflows() {
  return documents_of(scheduled);
}

}  // namespace sequent::simulation
