#include "cli/recorded_versions.hpp"

#include "cli/checked_file.hpp"
#include "engine/definition/compile.hpp"
#include "engine/definition/workflow_name.hpp"

namespace sequent::cli {
namespace {

constexpr int unknown_version = 404;

std::string recorded_under(const replay::Version& version) {
  return "From record " + std::to_string(version.from) + " on the run was under " +
         full_name(version.workflow) + " (digest " + version.digest.substr(0, 12) + "…)";
}

std::unexpected<Error> not_stored(const replay::Version& version, const std::string& why) {
  return fail(ErrorCode::not_found,
              recorded_under(version) + ", and " + why +
                  ". Without that definition nobody knows what the run did under it: give its file "
                  "with --under FILE.");
}

std::string path_of(const replay::Version& version) {
  const auto& ref = version.workflow;
  return "/api/v1/workflows/" + net::percent_encode(ref.workflow_namespace) + "/" +
         net::percent_encode(ref.name) + "/" + net::percent_encode(ref.version) +
         query_text({{"digest", version.digest}});
}

}  // namespace

Result<void> RecordedVersions::read(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    const auto checked = check_file(file);
    if (!checked.program) {
      Error error{.code = ErrorCode::invalid_definition, .detail = file + " can't be run."};
      error.findings = checked.errors;
      return std::unexpected(std::move(error));
    }
    by_digest_.emplace(checked.program->digest, checked.program);
  }
  return {};
}

Result<definition::ProgramPtr> RecordedVersions::find(const replay::Version& version) {
  const auto known = by_digest_.find(version.digest);
  if (known != by_digest_.end()) return known->second;
  for (const auto& [digest, program] : by_digest_)
    if (program->ref == version.workflow)
      return not_stored(version, "the file given for that version has other content (digest " +
                                     digest.substr(0, 12) + "…)");
  if (!ask_server_) return not_stored(version, "a journal in a file comes without definitions");
  auto fetched = fetch(version);
  if (fetched) by_digest_.emplace(version.digest, *fetched);
  return fetched;
}

Result<definition::ProgramPtr> RecordedVersions::fetch(const replay::Version& version) const {
  Request request;
  request.path = path_of(version);
  const auto answer = ask(session_, request);
  if (!answer && answer.error().status == unknown_version)
    return not_stored(version, "the server has that definition no longer");
  if (!answer) return fail(ErrorCode::transport, answer.error().message);
  definition::CompileOptions options;
  options.file = full_name(version.workflow);
  options.catalog = &all_activities();
  options.interpreters = 1;
  auto program = definition::compile(dump_json(answer->body.value("document", Json())), options);
  if (!program) {
    program.error().detail =
        recorded_under(version) + ", a definition that this release of sequent refuses.";
    return program;
  }
  if ((*program)->digest != version.digest)
    return not_stored(version, "the server has that version with other content only");
  return program;
}

}  // namespace sequent::cli
