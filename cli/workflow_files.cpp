#include "cli/workflow_files.hpp"

#include <algorithm>
#include <filesystem>

#include "crashtest/scenario.hpp"
#include "workflowtest/test_file.hpp"

namespace sequent::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_files = 10'000;

bool holds_workflow(const fs::path& path) {
  if (crashtest::is_scenario_file(path.string())) return false;
  if (workflowtest::is_test_file(path.string())) return false;
  const auto extension = path.extension();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

Result<std::vector<std::string>> below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator entry{folder, error};
  for (; !error && entry != fs::recursive_directory_iterator{}; entry.increment(error)) {
    std::error_code ignored;
    if (!holds_workflow(entry->path()) || !entry->is_regular_file(ignored)) continue;
    files.push_back(entry->path().string());
    if (files.size() > max_files)
      return fail(ErrorCode::too_large, folder + " holds more than " + std::to_string(max_files) +
                                            " workflow files; name a smaller folder.");
  }
  if (error)
    return fail(ErrorCode::invalid_request,
                "Cannot read the folder " + folder + ": " + error.message() + ".");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Result<std::vector<std::string>> workflow_files(const std::vector<std::string>& files_and_folders) {
  std::vector<std::string> files;
  for (const auto& name : files_and_folders) {
    std::error_code ignored;
    if (!fs::is_directory(name, ignored)) {
      files.push_back(name);  // whoever reads it says when it is not there
      continue;
    }
    auto found = below(name);
    if (!found) return found;
    files.insert(files.end(), found->begin(), found->end());
  }
  return files;
}

}  // namespace sequent::cli
