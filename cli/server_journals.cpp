#include "cli/server_journals.hpp"

#include "cli/client.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

constexpr const char* page_limit = "500";  // the API's most
constexpr int not_found = 404;

std::unexpected<Error> failed_by(const Refusal& refusal) {
  return fail(ErrorCode::transport, refusal.message);
}

}  // namespace

Result<reconciliation::Journals::Page> ServerJournals::runs(Timestamp since,
                                                            const std::string& cursor) {
  Request request;
  request.path =
      "/api/v1/runs" +
      query_text({{"updatedAfter", format_time(since)}, {"limit", page_limit}, {"cursor", cursor}});
  const auto answer = ask(session_, request);
  if (!answer) return failed_by(answer.error());
  Page page;
  for (const Json& run : answer->body.value("items", Json::array()))
    page.runs.push_back(text_of(run, "id"));
  page.cursor = text_of(answer->body, "cursor");
  return page;
}

Result<bool> ServerJournals::read(const std::string& run,
                                  const std::function<void(const Json&)>& take) {
  std::string after = "0";
  while (!after.empty()) {
    Request request;
    request.path =
        run_path(run, "/journal") + query_text({{"after", after}, {"limit", page_limit}});
    const auto answer = ask(session_, request);
    if (!answer && answer.error().status == not_found) return false;
    if (!answer) return failed_by(answer.error());
    for (const Json& record : answer->body.value("items", Json::array())) take(record);
    after = text_of(answer->body, "cursor");
  }
  return true;
}

}  // namespace sequent::cli
