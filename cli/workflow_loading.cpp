#include "cli/workflow_loading.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "api/triggers.hpp"
#include "cli/files.hpp"
#include "cli/workflow_files.hpp"

namespace sequent::cli {
namespace {

namespace asio = boost::asio;

struct Candidate {
  std::string file, text;
  bool known = false;
};

/// Compiles a file on its own: one that is deployed already needs no second word.
Result<Candidate> examine(const runtime::Engine& engine,
                          const runtime::ActivityRegistry& activities, const std::string& file) {
  definition::CompileOptions options;
  options.file = file;
  options.catalog = &activities;
  options.interpreters = 1;
  auto text = read_file(file, options.max_bytes);
  if (!text) return std::unexpected(text.error());
  const auto program = definition::compile(*text, options);
  if (!program) return std::unexpected(program.error());
  Candidate candidate;
  candidate.file = file;
  candidate.text = *std::move(text);
  candidate.known = engine.program((*program)->digest) != nullptr;
  return candidate;
}

void add(Error& all, const std::string& file, const Error& error) {
  if (error.findings.empty()) {
    Finding finding;
    finding.file = file;
    finding.message = error.detail;
    all.findings.push_back(std::move(finding));
  }
  for (auto finding : error.findings) {
    if (finding.file.empty()) finding.file = file;
    all.findings.push_back(std::move(finding));
  }
}

}  // namespace

asio::awaitable<Result<void>> load_workflows(runtime::Engine& engine,
                                             const runtime::ActivityRegistry& activities,
                                             std::string folder) {
  Error all;
  all.code = ErrorCode::invalid_definition;
  std::error_code ignored;
  const std::vector<std::string> folders{folder};
  if (!std::filesystem::is_directory(folder, ignored))
    co_return fail(ErrorCode::not_found,
                   "Cannot read the folder of workflows " + folder + ": there is no such folder.");
  const auto files = workflow_files(folders);
  if (!files) co_return std::unexpected(files.error());
  int deployed = 0;
  for (const auto& file : *files) {
    auto candidate = examine(engine, activities, file);
    if (!candidate) {
      add(all, file, candidate.error());
      continue;
    }
    if (candidate->known) continue;
    auto deploying = engine.deploy(candidate->text, file, api::trigger_check(engine));
    const auto result = co_await std::move(deploying);
    if (result) {
      ++deployed;
    } else {
      add(all, file, result.error());
    }
  }
  spdlog::info("{}: {} workflow files, {} newly deployed", folder, files->size(), deployed);
  if (all.findings.empty()) co_return Result<void>{};
  all.detail = "Some workflows below " + folder +
               " can't be deployed. Mend them, or give a changed "
               "workflow a new version.";
  co_return std::unexpected(all);
}

}  // namespace sequent::cli
