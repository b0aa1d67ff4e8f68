// The official JSON Schema Test Suite, as Debian packages it or as SEQUENT_SCHEMA_SUITE names it.
// The package of Debian 12 ends with draft-07; a later suite brings 2020-12 along.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "engine/schema/schema.hpp"

namespace sequent::schema {
namespace {

namespace fs = std::filesystem;

struct Tally {
  int passed = 0;
  int total = 0;
  std::vector<std::string> failures;

  void count(bool pass, const std::string& name) {
    ++total;
    passed += pass ? 1 : 0;
    if (!pass) failures.push_back(name);
  }
};

struct Suite {
  std::string name;
  std::string folder;
  Draft draft;
};

Json read(const fs::path& file) {
  std::ifstream stream(file);
  return Json::parse(stream);
}

std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

// The suite serves its remotes folder at this address.
Schema::Documents remotes(const fs::path& root) {
  Schema::Documents documents;
  for (const auto& file : json_files(root / "remotes"))
    documents.emplace("http://localhost:1234/" + fs::relative(file, root / "remotes").string(),
                      read(file));
  return documents;
}

void run_group(const Json& group, const std::string& file, const Options& options,
               const Schema::Documents& documents, Tally& tally) {
  const std::string name = file + ": " + group.at("description").get<std::string>();
  const auto schema = Schema::compile(group.at("schema"), options, documents);
  for (const auto& test : group.at("tests")) {
    const std::string label = name + ": " + test.at("description").get<std::string>();
    if (!schema) {
      tally.count(false, label + " (refused: " + schema.error().detail + ")");
      continue;
    }
    const bool valid = schema->validate(test.at("data")).empty();
    tally.count(valid == test.at("valid").get<bool>(), label);
  }
}

std::string listed(const std::vector<std::string>& failures) {
  std::string text;
  for (const auto& failure : failures) text += "\n  " + failure;
  return text;
}

// Optional cases may fail; the report says where, not each by name.
void print_by_file(const std::vector<std::string>& failures) {
  std::map<std::string, int> files;
  for (const auto& failure : failures) ++files[failure.substr(0, failure.find(": "))];
  for (const auto& [file, count] : files)
    std::cout << "  optional cases that fail in " << file << ": " << count << "\n";
}

void run_suite(const Suite& suite) {
  const fs::path root = SEQUENT_SCHEMA_SUITE;
  const fs::path folder = root / "tests" / suite.folder;
  if (!fs::exists(folder)) {
    WARN("skipped: " << suite.name << " of the JSON Schema Test Suite, because " << folder
                     << " is absent (Debian: json-schema-test-suite, set SEQUENT_SCHEMA_SUITE)");
    return;
  }
  const auto documents = remotes(root);
  Tally required;
  Tally optional;
  for (const auto& path : json_files(folder)) {
    const std::string file = fs::relative(path, folder).string();
    const bool is_optional = file.starts_with("optional/");
    Options options{.default_draft = suite.draft};
    options.assert_format = file.starts_with("optional/format/") || file.ends_with("-regex.json");
    for (const auto& group : read(path))
      run_group(group, file, options, documents, is_optional ? optional : required);
  }
  std::cout << suite.name << ": " << required.passed << " of " << required.total
            << " required cases, optional: " << optional.passed << " of " << optional.total << "\n";
  print_by_file(optional.failures);
  INFO("required cases that fail:" << listed(required.failures));
  CHECK(required.total > 400);
  CHECK(required.failures.empty());
}

}  // namespace

TEST_CASE("every required case of the suite for draft-07 passes", "[schema][suite]") {
  run_suite({"draft-07", "draft7", Draft::draft_07});
}

TEST_CASE("every required case of the suite for 2020-12 passes", "[schema][suite]") {
  run_suite({"draft2020-12", "draft2020-12", Draft::draft_2020_12});
}

}  // namespace sequent::schema
