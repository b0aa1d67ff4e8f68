// The contract of lists, aggregates, definitions, audit.
#include <catch2/catch.hpp>

#include "tests/persistence/store_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;
using runtime::RunFilter;

namespace {

InstanceChange with_status(const std::string& status, const std::string& key = "") {
  InstanceChange start = start_of(new_id(), key);
  start.row.status = status;
  return start;
}

std::vector<InstanceId> ids_of(const runtime::RunPage& page) {
  std::vector<InstanceId> ids;
  for (const auto& run : page.runs) ids.push_back(run.id);
  return ids;
}

std::vector<InstanceId> found(StoreUnderTest& under_test, const RunFilter& filter) {
  const auto page = under_test.runs().list(filter, "", 100);
  REQUIRE(page.has_value());
  CHECK(page->cursor.empty());
  return ids_of(*page);
}

using Ids = std::vector<InstanceId>;

}  // namespace

TEST_CASE("a run is found with everything that it was started with", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  InstanceChange start = start_of(new_id(), "order-1");
  start.start->attributes = {{"customer", "cus_1"}, {"amount", 12}};
  start.row.status = "waiting";
  start.row.waiting_kind = "parked";
  start.row.waiting_detail = "stripe since noon";
  start.row.provider = "stripe";
  start.row.operation = "stripe.refunds.create";
  start.row.park_reason = "retries_exhausted";
  start.row.error_type = "https://example.org/communication";
  start.row.error_status = 503;
  start.row.error_title = "Communication";
  start.row.parked_at = noon + 1;
  start.row.deadline = noon + 2;
  start.row.key_born_at = noon + 3;
  start.row.wake_at = INT64_MAX;
  start.row.completed_tasks = 4;
  start.row.attempts = 5;
  owner.write(start);

  const auto run = under_test->runs().find(start.id);
  REQUIRE(run.has_value());
  CHECK(run->workflow_namespace == "billing");
  CHECK(run->name == "refund");
  CHECK(run->version == "1.0.0");
  CHECK(run->digest == "d1");
  CHECK(run->key == "order-1");
  CHECK(run->attributes == start.start->attributes);
  CHECK(run->started_at == noon);
  CHECK(run->started_by == "tests");
  CHECK_FALSE(run->parent.has_value());
  CHECK(run->row.waiting_detail == "stripe since noon");
  CHECK(run->row.park_reason == "retries_exhausted");
  CHECK(run->row.error_status == 503);
  CHECK(run->row.parked_at == noon + 1);
  CHECK(run->row.deadline == noon + 2);
  CHECK(run->row.key_born_at == noon + 3);
  CHECK(run->row.wake_at == INT64_MAX);
  CHECK(run->row.ended_at == 0);
  CHECK(run->row.completed_tasks == 4);
  CHECK(run->row.attempts == 5);

  // Every member of the row comes back as the next checkpoint wrote it.
  InstanceChange next = change_of(start.id, 1);
  next.row.wake_at = noon + 7;
  next.row.ended_at = noon + 8;
  owner.write(next);
  const auto later = under_test->runs().find(start.id);
  CHECK(later->row.status == "running");
  CHECK(later->row.task == "/do/1/second");
  CHECK(later->row.waiting_kind.empty());
  CHECK(later->row.parked_at == 0);
  CHECK(later->row.wake_at == noon + 7);
  CHECK(later->row.ended_at == noon + 8);
  CHECK(later->key == "order-1");
}

TEST_CASE("lists are paged newest first and no run is shown twice or missed", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  Ids newest_first;
  const std::vector<std::string> statuses{"running", "waiting", "faulted"};
  for (int i = 0; i < 10; ++i) {
    InstanceChange start = with_status(statuses[static_cast<std::size_t>(i) % 3]);
    newest_first.insert(newest_first.begin(), start.id);
    owner.write(start);
  }
  RunFilter filter;
  filter.statuses = GENERATE(std::vector<std::string>{},
                             std::vector<std::string>{"running", "faulted", "waiting"});
  Ids seen;
  std::string cursor;
  for (int page_number = 0;; ++page_number) {
    REQUIRE(page_number < 10);
    const auto page = under_test->runs().list(filter, cursor, 3);
    REQUIRE(page.has_value());
    for (const InstanceId& id : ids_of(*page)) seen.push_back(id);
    cursor = page->cursor;
    if (cursor.empty()) break;
    // A run that starts while somebody turns pages does not shift them.
    owner.write(with_status("running"));
  }
  CHECK(seen == newest_first);
}

TEST_CASE("a cursor from elsewhere is refused", "[store]") {
  const auto under_test = any_store();
  const auto page = under_test->runs().list({}, "no cursor", 3);
  REQUIRE_FALSE(page.has_value());
  CHECK(page.error().code == ErrorCode::invalid_request);
}

TEST_CASE("each member of the filter narrows the list", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  InstanceChange a = with_status("waiting", "order-aa");
  a.start->attributes = {{"customer", "cus_1"}, {"amount", 12}};
  a.row.task = "/do/0/charge/do/1/refund";
  a.row.waiting_kind = "parked";
  a.row.provider = "stripe";
  a.row.operation = "stripe.refunds.create";
  a.start->started_at = noon + 10;
  a.row.updated_at = noon + 20;
  InstanceChange b = with_status("faulted", "order-b");
  b.start->name = "checkout";
  b.start->version = "2.0.0";
  b.start->attributes = {{"customer", "cus_1"}, {"amount", "12"}};
  b.row.error_type = "timeout";
  b.row.error_status = 408;
  b.row.provider = "flexprice";
  b.row.operation = "flexprice.usage.ingest";
  b.row.waiting_detail = "flexprice//write";
  b.start->started_at = noon + 30;
  b.row.updated_at = noon + 40;
  owner.write(a);
  owner.write(b);

  RunFilter filter;
  const Ids only_a{a.id}, only_b{b.id}, both{b.id, a.id};
  SECTION("nothing") {
    CHECK(found(*under_test, filter) == both);
  }
  SECTION("status") {
    filter.statuses = {"faulted"};
    CHECK(found(*under_test, filter) == only_b);
  }
  SECTION("namespace and name") {
    filter.workflow_namespace = "billing";
    CHECK(found(*under_test, filter) == both);
    filter.name = "checkout";
    CHECK(found(*under_test, filter) == only_b);
    filter.workflow_namespace = "elsewhere";
    CHECK(found(*under_test, filter).empty());
  }
  SECTION("name and version alone") {
    filter.name = "refund";
    CHECK(found(*under_test, filter) == only_a);
    filter.name.clear();
    filter.version = "2.0.0";
    CHECK(found(*under_test, filter) == only_b);
  }
  SECTION("key") {
    filter.key = "order-b";
    CHECK(found(*under_test, filter) == only_b);
  }
  SECTION("task, whole or its last segment") {
    filter.task = "/do/0/charge/do/1/refund";
    CHECK(found(*under_test, filter) == only_a);
    filter.task = "refund";
    CHECK(found(*under_test, filter) == only_a);
    filter.task = "fund";
    CHECK(found(*under_test, filter).empty());
  }
  SECTION("what it waits for") {
    filter.waiting_kind = "parked";
    CHECK(found(*under_test, filter) == only_a);
    filter.provider = "stripe";
    filter.operation = "stripe.refunds.create";
    CHECK(found(*under_test, filter) == only_a);
    filter.provider = "aws";
    CHECK(found(*under_test, filter).empty());
    filter = {};
    filter.waiting_kind = "timer";
    CHECK(found(*under_test, filter).empty());
  }
  SECTION("whose call it faulted because of") {
    filter.provider = "flexprice";
    CHECK(found(*under_test, filter) == only_b);
    filter.operation = "flexprice.usage.ingest";
    filter.statuses = {"faulted"};
    CHECK(found(*under_test, filter) == only_b);
    filter.statuses = {"waiting"};
    CHECK(found(*under_test, filter).empty());
  }
  SECTION("error") {
    filter.error_type = "timeout";
    CHECK(found(*under_test, filter) == only_b);
    filter.error_status = 409;
    CHECK(found(*under_test, filter).empty());
  }
  SECTION("attributes, a number being no text") {
    filter.attributes = {{"customer", "cus_1"}};
    CHECK(found(*under_test, filter) == both);
    filter.attributes["amount"] = 12;
    CHECK(found(*under_test, filter) == only_a);
  }
  SECTION("times") {
    filter.started_after = noon + 10;
    CHECK(found(*under_test, filter) == only_b);
    filter.started_after = noon + 9;
    filter.started_before = noon + 30;
    CHECK(found(*under_test, filter) == only_a);
    filter = {};
    filter.updated_after = noon + 20;
    CHECK(found(*under_test, filter) == only_b);
    filter.updated_after.reset();
    filter.updated_before = noon + 40;
    CHECK(found(*under_test, filter) == only_a);
  }
  SECTION("text: the beginning of an id, or part of a key") {
    filter.text = a.id.text().substr(0, 20);
    CHECK(found(*under_test, filter).size() >= 1);
    filter.text = b.id.text();
    CHECK(found(*under_test, filter) == only_b);
    filter.text = "der-a";
    CHECK(found(*under_test, filter) == only_a);
    filter.text = "' OR 1 --";
    CHECK(found(*under_test, filter).empty());
  }
}

TEST_CASE("aggregates count runs by what they have in common", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  for (int i = 0; i < 5; ++i) {
    InstanceChange start = with_status(i < 3 ? "waiting" : "faulted");
    start.row.waiting_kind = i < 3 ? "parked" : "";
    start.row.provider = i == 0 ? "aws" : i < 3 ? "stripe" : "";
    start.start->started_at = noon + i;
    owner.write(start);
  }
  auto& runs = under_test->runs();
  const auto by_status = runs.aggregate({}, {"status"}, 10);
  REQUIRE(by_status->size() == 2);
  CHECK(by_status->at(0).group == std::vector<std::string>{"waiting"});
  CHECK(by_status->at(0).count == 3);
  CHECK(by_status->at(0).oldest == noon);
  CHECK(by_status->at(0).newest == noon + 2);

  RunFilter parked;
  parked.waiting_kind = "parked";
  const auto by_provider = runs.aggregate(parked, {"workflow", "provider"}, 1);
  REQUIRE(by_provider->size() == 1);
  CHECK(by_provider->at(0).group == std::vector<std::string>{"billing/refund", "stripe"});
  CHECK(by_provider->at(0).count == 2);

  // Of a run that faulted under an earlier release nobody knows whose call it was.
  InstanceChange named = with_status("faulted");
  named.row.provider = "stripe";
  named.row.operation = "stripe.refunds.create";
  owner.write(named);
  RunFilter faulted;
  faulted.statuses = {"faulted"};
  const auto of_faulted = runs.aggregate(faulted, {"provider", "operation"}, 10);
  REQUIRE(of_faulted->size() == 2);
  CHECK(of_faulted->at(0).group == std::vector<std::string>{"", ""});
  CHECK(of_faulted->at(0).count == 2);
  CHECK(of_faulted->at(1).group == std::vector<std::string>{"stripe", "stripe.refunds.create"});

  CHECK(runs.aggregate({}, {}, 10)->at(0).count == 6);
  for (const char* dimension :
       {"status", "workflow", "version", "task", "waiting", "provider", "operation", "error_type"})
    CHECK(runs.aggregate({}, {dimension}, 10).has_value());
  CHECK(runs.aggregate({}, {"colour"}, 10).error().code == ErrorCode::invalid_request);
}

TEST_CASE("a definition's version never changes", "[store]") {
  const auto under_test = any_store();
  auto& definitions = under_test->definitions();
  runtime::StoredDefinition definition{"billing", "refund", "1.0.0", "d1", "do: []", noon};
  CHECK(definitions.put(definition).value());
  CHECK_FALSE(definitions.put(definition).value());
  definition.digest = "d2";
  CHECK(definitions.put(definition).error().code == ErrorCode::conflict);
  definition.version = "1.1.0";
  CHECK(definitions.put(definition).value());
  under_test->reopen();
  const auto all = under_test->definitions().all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].digest == "d1");
  CHECK(all[0].source == "do: []");
  CHECK(all[1].version == "1.1.0");
}

TEST_CASE("the audit log keeps every action, newest first", "[store]") {
  const auto under_test = any_store();
  auto& audit = under_test->audit();
  for (const char* target : {"run-1", "run-2", "run-1"})
    audit.append({0, noon, "ann", "cancel", target, "because", "refused", "10.0.0.1"});
  const auto all = audit.list({}, 0, 10);
  REQUIRE(all.size() == 3);
  CHECK(all[0].id > all[1].id);
  CHECK(all[0].principal == "ann");
  CHECK(all[0].outcome == "refused");
  CHECK(all[0].remote == "10.0.0.1");
  CHECK(audit.list({.target = "run-1"}, 0, 10).size() == 2);
  CHECK(audit.list({.target = "run-1"}, all[0].id, 10).size() == 1);
  CHECK(audit.list({}, 0, 1).size() == 1);
}

TEST_CASE("the inbox lists events by type and state", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const std::vector<runtime::IncomingEvent> events{event_of("e1", "f", "h"),
                                                   event_of("e2", "", "")};
  const auto routed = under_test->store().route(events);
  auto& inbox = under_test->inbox();
  CHECK(inbox.list("", "", 0, 10).size() == 2);
  CHECK(inbox.list("paid", "", 0, 10).size() == 2);
  CHECK(inbox.list("paid", "held", 0, 10).size() == 1);
  CHECK(inbox.list("", "ignored", 0, 10).size() == 1);
  CHECK(inbox.list("", "", routed[1].id, 10).size() == 1);
  const auto entry = inbox.get(routed[0].id);
  REQUIRE(entry.has_value());
  CHECK(entry->source == "test");
  CHECK(entry->event_id == "e1");
  CHECK(entry->origin == "api");
  CHECK(entry->received_at == noon);
  CHECK(entry->deliveries == 1);
  CHECK(entry->event == events[0].event);
  CHECK_FALSE(inbox.get(99).has_value());
}
