// The contract of every store's Retention: what may go goes whole, and nothing else.
#include <catch2/catch.hpp>

#include "tests/persistence/store_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;

namespace {

constexpr Timestamp day = 86'400'000;

InstanceChange end_of(const InstanceId& id, Timestamp at, std::uint64_t last_seq = 1) {
  InstanceChange end = change_of(id, last_seq);
  end.row.status = "completed";
  end.row.wake_at = INT64_MAX;
  end.row.ended_at = end.row.updated_at = at;
  end.ended = true;
  return end;
}

runtime::Outdated refunds_before(Timestamp before) {
  return {.workflow_namespace = "billing", .name = "refund", .before = before, .after = {}};
}

}  // namespace

TEST_CASE("an ended run is deleted with all that is its own", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId gone = new_id(), kept = new_id();
  for (const InstanceId& id : {gone, kept}) {
    InstanceChange start = start_of(id, "key-" + id.text());
    start.start->idempotency_key = "request-" + id.text();
    start.start->attributes = {{"customer", "cus_1"}};
    start.snapshot = "state";
    start.requests = {{"r-" + id.text(), "null"}};
    owner.write(start);
  }
  owner.write(end_of(gone, noon + 1));
  auto& retention = under_test->retention();
  CHECK(retention.delete_ended(refunds_before(noon + 1), 10).runs == 0);  // not yet old enough
  const auto deleted = retention.delete_ended(refunds_before(noon + day), 10);
  CHECK(deleted.runs == 1);
  CHECK_FALSE(deleted.next.has_value());

  auto& runs = under_test->runs();
  CHECK_FALSE(runs.find(gone).has_value());
  CHECK_FALSE(under_test->store().load(gone).has_value());
  CHECK(runs.journal(gone, 0, 10).empty());
  CHECK_FALSE(runs.request("r-" + gone.text()).has_value());
  CHECK_FALSE(runs.find_by_key("billing", "refund", "key-" + gone.text()).has_value());
  CHECK(runs.find_by_key("billing", "refund", "key-" + kept.text()) == kept);
  runtime::RunFilter filter;
  filter.attributes = {{"customer", "cus_1"}};
  CHECK(runs.list(filter, "", 10)->runs.size() == 1);
  // Its keys are free.
  InstanceChange again = start_of(new_id(), "key-" + gone.text());
  again.start->idempotency_key = "request-" + gone.text();
  CHECK_FALSE(owner.write(again).taken.has_value());
}

TEST_CASE("runs are deleted in steps, and only those of the workflow that was asked for",
          "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  for (int i = 0; i < 5; ++i) {
    InstanceChange start = start_of(new_id());
    if (i == 4) start.start->name = "checkout";
    owner.write(start);
    owner.write(end_of(start.id, noon));
  }
  auto& retention = under_test->retention();
  auto what = refunds_before(noon + day);
  const auto first = retention.delete_ended(what, 3);
  CHECK(first.runs == 3);
  REQUIRE(first.next.has_value());
  what.after = first.next;
  const auto second = retention.delete_ended(what, 3);
  CHECK(second.runs == 1);
  CHECK_FALSE(second.next.has_value());
  CHECK(under_test->runs().aggregate({}, {}, 1)->front().count == 1);
}

TEST_CASE("a child stays as long as its parent goes on", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId parent = new_id();
  const InstanceId child = InstanceId::derive(parent, "/do/0");
  owner.write(start_of(parent));
  InstanceChange start = start_of(child);
  start.start->parent = parent;
  owner.write(start);
  owner.write(end_of(child, noon));
  auto& retention = under_test->retention();
  CHECK(retention.delete_ended(refunds_before(noon + day), 10).runs == 0);
  owner.write(end_of(parent, noon));
  CHECK(retention.delete_ended(refunds_before(noon + day), 10).runs == 2);
}

TEST_CASE("an event is deleted once nobody waits for it any more", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId receiver = new_id();
  InstanceChange listener = start_of(receiver);
  listener.subscriptions = {{1, "f", "h", "paid"}};
  listener.emitted = {{{"source", "s"}, {"id", "e-1"}, {"type", "t"}}};
  const auto emitted = owner.write(listener).emitted.front();
  std::vector<runtime::IncomingEvent> events{event_of("mail", "f", "h"), event_of("held", "g", "h"),
                                             event_of("old", "", ""), event_of("open", "", "")};
  runtime::IncomingEvent out = event_of("e-1", "", "");
  out.stored_id = emitted;
  events.push_back(out);
  auto& store = under_test->store();
  const auto routed = store.route(events);
  for (const std::size_t i : {0U, 1U, 2U, 4U}) store.settle_event(routed[i].id);
  static_cast<void>(store.unrouted(0, 10));  // and it is written
  static_cast<void>(under_test->outbox().open_sink("sink", false, noon));

  auto& retention = under_test->retention();
  CHECK(retention.delete_events(noon, 10) == 0);
  CHECK(retention.delete_events(noon + day, 10) == 1);
  auto& inbox = under_test->inbox();
  CHECK_FALSE(inbox.get(routed[2].id).has_value());
  InstanceChange consume = change_of(receiver, 1);
  consume.consumed_messages = {routed[0].messages.front().id};
  owner.write(consume);
  CHECK(retention.delete_events(noon + day, 10) == 1);
  const auto last = under_test->outbox().emitted(0, 10, 1 << 20).back().id;
  under_test->outbox().advance("sink", last, noon);
  CHECK(retention.delete_events(noon + day, 10) == 1);
  CHECK(inbox.list("", "", 0, 10).size() == 2);  // one is held, one is to start something yet
}
