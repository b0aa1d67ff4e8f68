#include "activities/stripe/traces.hpp"

#include "activities/outcomes.hpp"
#include "base/assert.hpp"

namespace sequent::activities::stripe {

namespace {

using runtime::Reconciliation;

constexpr int page_size = 100;                // Stripe's most
constexpr std::size_t max_value_bytes = 500;  // Stripe's limit for a metadata value
constexpr Timestamp clock_margin_s = 600;

struct PageRead {
  const Json* match = nullptr;
  std::string last_id;
  bool has_more = false;
};

// The task's own key: "<key>_r2" without its revision.
std::string unrevised(const std::string& key) {
  const auto mark = key.rfind("_r");
  if (mark == std::string::npos || mark + 2 == key.size()) return key;
  const bool numbered = key.find_first_not_of("0123456789", mark + 2) == std::string::npos;
  return numbered ? key.substr(0, mark) : key;
}

PageRead read_page(const Json& page, const std::string& key) {
  PageRead read;
  const auto data = page.find("data");
  if (data == page.end() || !data->is_array()) return read;
  for (const Json& object : *data) {
    const auto metadata = object.find("metadata");
    if (metadata != object.end() && unrevised(text_of(*metadata, "sequent_key")) == key) {
      read.match = &object;
      return read;
    }
    read.last_id = text_of(object, "id");
  }
  const auto more = page.find("has_more");
  read.has_more =
      more != page.end() && more->is_boolean() && more->get<bool>() && !read.last_id.empty();
  return read;
}

Reconciliation undecided(Failure failure) {
  Reconciliation result;
  result.failure = std::move(failure);
  return result;
}

Failure too_many(const std::string& path, int pages) {
  Failure failure;
  failure.outcome = Outcome::unknown;
  failure.problem =
      provider_problem("stripe", ErrorKind::communication, 500, "Too many objects to search",
                       "no object of this task was found in the first " +
                           std::to_string(pages * page_size) + " of " + path +
                           ", and there are more: look for metadata sequent_key in the dashboard, "
                           "then skip the task with the object or retry it");
  return failure;
}

Call page_call(const runtime::Attempt& attempt, const std::string& path, const std::string& account,
               const Json& filter, const std::string& after) {
  Call call;
  call.method = "GET";
  call.path = path;
  call.parameters = filter.is_object() ? filter : Json::object();
  call.parameters["limit"] = page_size;
  if (!after.empty()) call.parameters["starting_after"] = after;
  call.account = account;
  call.timeout_ms = attempt.timeout_ms;
  call.now = attempt.now;
  return call;
}

}  // namespace

bool is_revised(const std::string& idempotency_key) {
  return unrevised(idempotency_key) != idempotency_key;
}

void leave_traces(Json& parameters, const runtime::Attempt& attempt) {
  SEQUENT_ASSERT(attempt.idempotency_key.size() <= max_value_bytes);
  Json& metadata = parameters["metadata"];
  if (!metadata.is_object()) metadata = Json::object();
  metadata["sequent_run"] = attempt.instance.text();
  metadata["sequent_task"] = attempt.task.substr(0, max_value_bytes);
  metadata["sequent_key"] = attempt.idempotency_key;
}

Json created_since(const runtime::Attempt& attempt) {
  Json filter = Json::object();
  if (attempt.first_sent_at > 0)
    filter["created"]["gte"] =
        std::max<Timestamp>(0, attempt.first_sent_at / 1000 - clock_margin_s);
  return filter;
}

boost::asio::awaitable<Reconciliation> find_traces(Client& client, runtime::Attempt attempt,
                                                   std::string list_path, std::string account,
                                                   std::vector<Search> searches) {
  const int most = client.config().reconcile_pages;
  const std::string key = unrevised(attempt.idempotency_key);
  Reconciliation result;
  int pages = 0;
  for (const Search& search : searches) {
    std::string after;
    bool more = true;
    while (more) {
      if (pages++ >= most) co_return undecided(too_many(list_path, most));
      Call call = page_call(attempt, list_path, account, search.filter, after);
      const auto page = co_await client.send(std::move(call));
      if (!page) co_return undecided(page.error());
      const PageRead read = read_page(*page, key);
      if (read.match != nullptr) {
        result.found = Reconciliation::Found::adopted;
        result.object = *read.match;
        co_return result;
      }
      after = read.last_id;
      more = read.has_more;
    }
    if (search.conclusive) {
      result.found = Reconciliation::Found::absent;
      co_return result;
    }
  }
  co_return result;
}

}  // namespace sequent::activities::stripe
