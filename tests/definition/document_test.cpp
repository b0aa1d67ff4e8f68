// YAML as JSON: scalars, anchors, merge keys, limits, and texts that nobody meant.
#include "engine/definition/document.hpp"
#include "compiling.hpp"

namespace sequent::definition {
namespace {

Json read(std::string_view text) {
  const auto document = read_document(text, {});
  INFO((document ? "" : format_findings(document.error())));
  REQUIRE(document.has_value());
  CHECK(document->findings.empty());
  return document->root;
}

std::string refusal(std::string_view text, const DocumentLimits& limits = {}) {
  const auto document = read_document(text, limits);
  REQUIRE_FALSE(document.has_value());
  REQUIRE(document.error().size() == 1);
  return document.error()[0].message;
}

}  // namespace

TEST_CASE("scalars have the types of YAML's core schema") {
  const auto cases = std::vector<std::pair<std::string, Json>>{{"1", 1},
                                                               {"-7", -7},
                                                               {"+7", 7},
                                                               {"0x1F", 31},
                                                               {"0o17", 15},
                                                               {"017", 17},
                                                               {"1.5", 1.5},
                                                               {".5", 0.5},
                                                               {"1.", 1.0},
                                                               {"1e3", 1000.0},
                                                               {"-2.5E-1", -0.25},
                                                               {"true", true},
                                                               {"False", false},
                                                               {"null", nullptr},
                                                               {"~", nullptr},
                                                               {"", nullptr},
                                                               {"yes", "yes"},
                                                               {"no", "no"},
                                                               {"on", "on"},
                                                               {"off", "off"},
                                                               {"y", "y"},
                                                               {"1.0.0", "1.0.0"},
                                                               {"1_000", "1_000"},
                                                               {"12:30:45", "12:30:45"},
                                                               {"2026-11-21", "2026-11-21"},
                                                               {"'5'", "5"},
                                                               {"\"true\"", "true"},
                                                               {"!!str 5", "5"},
                                                               {"!!int '5'", 5},
                                                               {"9223372036854775807", INT64_MAX},
                                                               {"18446744073709551615", UINT64_MAX},
                                                               {"nullish", "nullish"},
                                                               {"0x", "0x"},
                                                               {"-", "-"},
                                                               {"1e", "1e"},
                                                               {"e5", "e5"},
                                                               {"tRuE", "tRuE"}};
  for (const auto& [text, expected] : cases) {
    if (text == "-") continue;  // alone it begins a list
    CAPTURE(text);
    CHECK(read("a: " + text + "\n") == Json{{"a", expected}});
  }
  const auto document = read_document("a: .inf\n", {});
  REQUIRE(document.has_value());
  REQUIRE(document->findings.size() == 1);
  CHECK(document->findings[0].message == "expected a number that JSON can hold, got .inf");
}

TEST_CASE("anchors, aliases and merge keys are expanded") {
  CHECK(read("a: &x {p: 1, q: [2]}\nb: *x\n") == read("a: {p: 1, q: [2]}\nb: {p: 1, q: [2]}\n"));
  CHECK(read("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n")["b"] == Json{{"p", 1}, {"q", 3}});
  CHECK(read("a: &x {p: 1}\nb: &y {p: 2, r: 4}\nc: {<<: [*x, *y], s: 5}\n")["c"] ==
        Json{{"p", 1}, {"r", 4}, {"s", 5}});
  CHECK(read("'<<': 1\n") == Json{{"<<", 1}});
}

TEST_CASE("JSON is read as JSON") {
  CHECK(read(" {\"a\": \"\\ud83d\\ude00\\/\",\n\t\"b\": [1, -2.5e3, true, null, {}]}") ==
        Json{{"a", "😀/"}, {"b", {1, -2500.0, true, nullptr, Json::object()}}});
  CHECK(read("\xEF\xBB\xBF{\"a\": 1}") == Json{{"a", 1}});
  // YAML's flow style that is no JSON stays YAML.
  CHECK(read("{\"a\": b, c: d}") == Json{{"a", "b"}, {"c", "d"}});
}

TEST_CASE("places are those of the file, in characters") {
  const auto document = read_document("ä: x\nlist:\n  - 'é': [1, \"ü\", here]\n", {});
  REQUIRE(document.has_value());
  CHECK(document->at("/list/0/é").key.line == 3);
  CHECK(document->at("/list/0/é").key.column == 5);
  CHECK(document->at("/list/0/é/9/unknown").value.line == 3);
}

TEST_CASE("a bomb of aliases is refused before it is expanded") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", " : "") + last;
    bomb += "]\n";
  }
  CHECK(refusal(bomb) == "the document has more than 50000 values once its aliases are expanded");
  std::string merges = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 40; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    merges += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {<<: [" + last + ", " +
              last + "]}\n";
  }
  CHECK_THAT(refusal(merges),
             Catch::Contains("more than 50000 values") || Catch::Contains("nested deeper than 64"));
  CHECK(refusal("a: &a [*a]\n") == "an alias must not contain itself");
}

TEST_CASE("depth and size have limits") {
  const auto nested = [](std::size_t depth) {
    return "a: " + std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(read(nested(60)).contains("a"));
  CHECK(refusal(nested(70)) == "the document is nested deeper than 64 levels");
  CHECK(refusal(nested(10'000)) == "the document is nested deeper than 64 levels");
  const std::string json = "{\"a\": " + std::string(10'000, '[');
  CHECK(refusal(json) == "the document is nested deeper than 64 levels");
  std::string block;
  for (int i = 0; i < 70; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  CHECK(refusal(block) == "the document is nested deeper than 64 levels");
  CHECK(refusal(std::string(200, 'a'), {.max_bytes = 100}) ==
        "expected at most 100 bytes, got 200");
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "- 1\n";
  CHECK(refusal(wide, {.max_nodes = 50}) ==
        "the document has more than 50 values once its aliases are expanded");
}

TEST_CASE("a function that multiplies without end meets the limit on tasks") {
  std::string functions = "use:\n  functions:\n    f0: {set: {x: 1}}\n";
  for (int i = 1; i < 16; ++i) {
    const std::string last = std::to_string(i - 1);
    functions += "    f" + std::to_string(i) + ": {do: [{a: {call: f" + last + "}}, {b: {call: f" +
                 last + "}}]}\n";
  }
  const auto findings = findings_of(document(functions + "do:\n  - a: {call: f15}\n"));
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0].message, Catch::Contains("more than 10000 tasks"));
}

TEST_CASE("expressions have a limit, and so do the texts of loose mode") {
  const auto with = [](const std::string& evaluate, const std::string& value) {
    std::string text = evaluate + "do:\n  - a:\n      set:\n";
    for (int i = 0; i < 2'001; ++i) {
      const std::string number = std::to_string(i);
      text += "        m" + number + ": " + value + number + (value[0] == '\'' ? " }'\n" : "\n");
    }
    const auto findings = findings_of(document(text));
    REQUIRE(findings.size() == 1);
    return findings[0];
  };
  const Finding strict = with("", "'${ .x + ");
  CHECK(strict.message == "the workflow has more than 2000 different expressions");
  CHECK(strict.pointer.starts_with("/do/0/a/set/m"));
  const Finding loose = with("evaluate: {mode: loose}\n", "word");
  CHECK_THAT(loose.message, Catch::Contains("loose mode tries every text"));
  CHECK(loose.line == 6);
}

TEST_CASE("functions that are copied too often are refused before memory is") {
  std::string text =
      "use:\n  functions:\n    big: {set: {x: '" + std::string(100'000, 'x') + "'}}\ndo:\n";
  for (int i = 0; i < 300; ++i) text += "  - t" + std::to_string(i) + ": {call: big}\n";
  const auto findings = findings_of(document(text));
  REQUIRE(findings.size() == 1);
  CHECK_THAT(findings[0].message, Catch::Contains("larger than 16777216 bytes"));
}

TEST_CASE("all mistakes of a file are told at once, in its order") {
  const auto findings = findings_of(R"(document:
  dsl: 1.0.3
  namespace: a_b
  name: x
do:
  - a: {set: {x: '${ .x + }'}, thn: b}
  - b: {wait: tomorrow}
  - b: {call: nothing.like.it}
  - c: {call: grpc, with: {}}
  - d: {set: {x: '${ $itm }'}, then: nowhere}
extra: 1
extra: 2
)");
  std::vector<int> lines;
  for (const Finding& finding : findings) lines.push_back(finding.line);
  CHECK(lines == std::vector<int>{1, 3, 6, 6, 7, 8, 8, 9, 10, 10, 11, 12});
}

// Every prefix and many small changes of good documents: an answer each time, and soon.
TEST_CASE("damaged documents neither crash nor hang") {
  const std::string seeds[] = {
      document(R"(use: {secrets: [s], functions: {f: {set: {x: "${ .a }"}}}}
do:
  - t: {try: [{g: {call: http, with: {method: get, endpoint: "http://x/{id}"}}}], catch: {retry: {delay: PT1S}}}
  - l: {for: {in: .a}, do: [{s: {set: &v {x: |
        ${ .x }
        }}}]}
  - h: {listen: {to: {any: [{with: {type: a.b}}], until: ".n > 2"}}, foreach: {do: [{m: {call: f}}]}}
)"),
      R"({"document": {"dsl": "1.0.3", "namespace": "n", "name": "m", "version": "1.0.0"}, "do": [{"a": {"switch": [{"c": {"when": ".x", "then": "end"}}]}}]})"};
  const std::string_view junk = "{}[]:,&*!|>'\"%@`#-? \n\t0~<$\\\x80";
  std::size_t answers = 0;
  for (const std::string& seed : seeds) {
    const std::size_t stride = seed.size() > 300 ? 7 : 3;
    for (std::size_t length = 0; length < seed.size(); length += stride) {
      (void)compile_text(seed.substr(0, length));
      ++answers;
    }
    for (std::size_t at = 0; at < seed.size(); at += stride) {
      std::string changed = seed;
      changed[at] = junk[(at * 31) % junk.size()];
      (void)compile_text(changed);
      std::string longer = seed;
      longer.insert(at, 1, junk[(at * 17 + 5) % junk.size()]);
      (void)compile_text(longer);
      std::string shorter = seed;
      shorter.erase(at, 1 + at % 5);
      (void)compile_text(shorter);
      answers += 3;
    }
  }
  CHECK(answers > 400);
}

}  // namespace sequent::definition
