#include "activities/stripe/traces.hpp"

#include "activities/outcomes.hpp"
#include "base/assert.hpp"

namespace sequent::activities::stripe {

namespace {

using runtime::Reconciliation;

constexpr int page_size = 100;                // Stripe's most
constexpr std::size_t max_value_bytes = 500;  // Stripe's limit for a metadata value
constexpr Timestamp clock_margin_s = 600;
constexpr DurationMs events_kept_ms = 29 * 86'400'000LL;  // a day less than Stripe keeps them

struct PageRead {
  const Json* match = nullptr;
  std::string last_id;
  bool has_more = false;
};

/// The key under which an object of a list was made, or an event was caused.
using KeyOf = std::string (*)(const Json& object);

std::string key_in_metadata(const Json& object) {
  const auto metadata = object.find("metadata");
  return metadata == object.end() ? "" : text_of(*metadata, "sequent_key");
}

std::string key_of_event(const Json& event) {
  const auto request = event.find("request");
  return request == event.end() ? "" : text_of(*request, "idempotency_key");
}

PageRead read_page(const Json& page, const std::string& key, KeyOf key_of) {
  PageRead read;
  const auto data = page.find("data");
  if (data == page.end() || !data->is_array()) return read;
  for (const Json& object : *data) {
    if (unrevised(key_of(object)) == key) {
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

Failure too_old() {
  Failure failure;
  failure.outcome = Outcome::unknown;
  failure.problem = provider_problem("stripe", ErrorKind::communication, 500, "Too old to look up",
                                     "whether the change was made can't be looked up: Stripe keeps "
                                     "events for 30 days. Compare the "
                                     "object in the dashboard, then skip the task or retry it");
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

boost::asio::awaitable<Reconciliation> find_key(Client& client, runtime::Attempt attempt,
                                                std::string list_path, std::string account,
                                                std::vector<Search> searches, KeyOf key_of) {
  const int most = client.config().reconcile_pages;
  const std::string key = unrevised(attempt.idempotency_key);
  SEQUENT_ASSERT(!key.empty());  // no object without traces may match
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
      const PageRead read = read_page(*page, key, key_of);
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

}  // namespace

std::string unrevised(const std::string& key) {
  const auto mark = key.rfind("_r");
  if (mark == std::string::npos || mark + 2 == key.size()) return key;
  const bool numbered = key.find_first_not_of("0123456789", mark + 2) == std::string::npos;
  return numbered ? key.substr(0, mark) : key;
}

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
  Reconciliation found =
      co_await find_key(client, std::move(attempt), std::move(list_path), std::move(account),
                        std::move(searches), key_in_metadata);
  co_return found;
}

boost::asio::awaitable<Reconciliation> find_event(Client& client, runtime::Attempt attempt,
                                                  std::string account,
                                                  std::vector<std::string> types) {
  if (attempt.first_sent_at > 0 && attempt.now - attempt.first_sent_at > events_kept_ms)
    co_return undecided(too_old());
  Search search;
  search.filter = created_since(attempt);
  search.filter["types"] = std::move(types);
  std::vector<Search> searches;
  searches.push_back(std::move(search));
  Reconciliation found = co_await find_key(client, std::move(attempt), "/v1/events",
                                           std::move(account), std::move(searches), key_of_event);
  found.object = Json::object();
  co_return found;
}

}  // namespace sequent::activities::stripe
