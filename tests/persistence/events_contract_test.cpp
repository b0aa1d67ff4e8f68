// The contract of every Store: messages, subscriptions, events.
#include <catch2/catch.hpp>

#include "tests/persistence/store_under_test.hpp"

using namespace sequent;
using namespace sequent::test;
using runtime::InstanceChange;
using runtime::SubscriptionRow;

namespace {

InstanceChange listening(const InstanceId& id, std::vector<SubscriptionRow> subscriptions) {
  InstanceChange start = start_of(id);
  start.subscriptions = std::move(subscriptions);
  return start;
}

runtime::RoutedEvent route_one(StoreUnderTest& under_test, const runtime::IncomingEvent& event) {
  return under_test.store().route({&event, 1}).front();
}

}  // namespace

TEST_CASE("messages are kept in order until they are consumed", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId sender = new_id(1), receiver = new_id(2);
  owner.write(start_of(receiver));
  InstanceChange change = start_of(sender);
  change.messages = {{receiver, {{"kind", "child"}, {"n", 1}}}, {receiver, {{"n", 2}}}};
  const auto sent = owner.write(change).sent;
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].id < sent[1].id);
  under_test->reopen();
  Owner again{*under_test};

  auto& store = under_test->store();
  CHECK(store.with_messages(2, std::nullopt, 10) == std::vector<InstanceId>{receiver});
  CHECK(store.with_messages(2, receiver, 10).empty());
  CHECK(store.with_messages(1, std::nullopt, 10).empty());
  auto messages = store.load(receiver)->messages;
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].body["n"] == 1);
  CHECK(messages[1].id == sent[1].id);

  InstanceChange consume = change_of(receiver, 1);
  consume.consumed_messages = {sent[0].id, sent[1].id};
  again.write(consume);
  CHECK(store.load(receiver)->messages.empty());
  InstanceChange more = change_of(sender, 1);
  more.messages = {{receiver, {{"n", 3}}}};
  CHECK(again.write(more).sent.front().id > sent[1].id);  // never an id that was used
}

TEST_CASE("a message for a run that may be missing is dropped where it is", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId sender = new_id(1), receiver = new_id(2), missing = new_id(2);
  owner.write(start_of(receiver));
  InstanceChange change = start_of(sender);
  change.messages = {{.to = missing, .body = {{"n", 1}}, .if_there = true},
                     {.to = receiver, .body = {{"n", 2}}, .if_there = true}};
  const auto sent = owner.write(change).sent;
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].to == receiver);
  CHECK(under_test->store().with_messages(2, std::nullopt, 10) ==
        std::vector<InstanceId>{receiver});
}

TEST_CASE("an event reaches whoever waits for it, each run once", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId exact = new_id(1), any_hash = new_id(2), other = new_id(1), all = new_id(3);
  owner.write(listening(exact, {{1, "f", "h1", "paid"}, {2, "f", "h1", "paid"}, {3, "f", "", ""}}));
  owner.write(listening(any_hash, {{1, "f", "", "paid"}}));
  owner.write(listening(other, {{1, "f", "h2", "paid"}, {2, "g", "", "paid"}}));
  owner.write(listening(all, {{1, "*", "", ""}}));

  const auto routed = route_one(*under_test, event_of("e1", "f", "h1"));
  CHECK_FALSE(routed.duplicate);
  std::set<InstanceId> reached;
  for (const auto& message : routed.messages) {
    CHECK(reached.insert(message.to).second);
    CHECK(message.body["kind"] == "event");
    CHECK(message.body["event"]["id"] == "e1");
  }
  CHECK(reached == std::set<InstanceId>{exact, any_hash, all});
  CHECK(under_test->store().load(exact)->messages.size() == 1);
  CHECK(under_test->store().load(exact)->messages.front().body == routed.messages.front().body);
  CHECK(under_test->inbox().get(routed.id)->state == "delivered");

  SECTION("a second delivery does nothing") {
    const auto repeated = route_one(*under_test, event_of("e1", "f", "h1"));
    CHECK(repeated.duplicate);
    CHECK(repeated.id == routed.id);
    CHECK(repeated.messages.empty());
    CHECK(under_test->store().load(exact)->messages.size() == 1);
    CHECK(under_test->inbox().get(routed.id)->deliveries == 2);
  }
  SECTION("replaced subscriptions take nothing any more") {
    InstanceChange change = change_of(exact, 1);
    change.subscriptions.emplace();
    owner.write(change);
    CHECK(route_one(*under_test, event_of("e2", "f", "h1")).messages.size() == 2);
  }
}

TEST_CASE("an event that comes before its run is held until the run listens", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const auto held = route_one(*under_test, event_of("e1", "f", "h1"));
  CHECK(held.messages.empty());
  CHECK(under_test->inbox().get(held.id)->state == "held");

  SECTION("another hash does not take it") {
    CHECK(owner.write(listening(new_id(), {{1, "f", "h2", ""}})).messages.empty());
    CHECK(under_test->inbox().get(held.id)->state == "held");
  }
  SECTION("its own hash takes it, and nobody after that") {
    const InstanceId id = new_id();
    const auto taken = owner.write(listening(id, {{1, "f", "h1", ""}, {2, "f", "", ""}})).messages;
    REQUIRE(taken.size() == 1);
    CHECK(taken.front().to == id);
    CHECK(taken.front().body["event"]["id"] == "e1");
    CHECK(under_test->store().load(id)->messages.size() == 1);
    CHECK(under_test->inbox().get(held.id)->state == "delivered");
    CHECK(owner.write(listening(new_id(), {{1, "f", "h1", ""}})).messages.empty());
  }
  SECTION("a subscription without a hash takes events of any, oldest first") {
    route_one(*under_test, event_of("e2", "f", "h2"));
    const auto taken = owner.write(listening(new_id(), {{1, "f", "", ""}})).messages;
    REQUIRE(taken.size() == 2);
    CHECK(taken[0].body["event"]["id"] == "e1");
    CHECK(taken[1].body["event"]["id"] == "e2");
  }
  SECTION("who listens to everything does not rob the run that it is meant for") {
    const InstanceId all = new_id();
    owner.write(listening(all, {{1, "*", "", ""}}));
    const auto copied = route_one(*under_test, event_of("e2", "f", "h2"));
    CHECK(copied.messages.size() == 1);
    CHECK(owner.write(listening(new_id(), {{1, "f", "h2", ""}})).messages.size() == 1);
  }
  SECTION("it expires") {
    under_test->store().expire_events(noon + 59'999, 10);
    CHECK(under_test->inbox().get(held.id)->state == "held");
    under_test->store().expire_events(noon + 60'000, 10);
    CHECK(under_test->inbox().get(held.id)->state == "expired");
    CHECK(owner.write(listening(new_id(), {{1, "f", "h1", ""}})).messages.empty());
  }
}

TEST_CASE("an emitted event is routed once, also after a crash", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId listener = new_id();
  owner.write(listening(listener, {{1, "f", "", ""}}));
  InstanceChange emitter = start_of(new_id());
  emitter.emitted = {event_of("out", "", "").event};
  const auto emitted = owner.write(emitter).emitted;
  REQUIRE(emitted.size() == 1);
  under_test->reopen();

  auto open = under_test->store().unrouted(0, 10);
  REQUIRE(open.size() == 1);
  CHECK(open.front().first == emitted.front());
  CHECK(open.front().second["id"] == "out");
  auto incoming = event_of("out", "f", "h");
  incoming.stored_id = emitted.front();
  CHECK(route_one(*under_test, incoming).messages.size() == 1);

  SECTION("a crash before it is settled: routed again without another message") {
    under_test->reopen();
    CHECK(under_test->store().unrouted(0, 10).size() == 1);
    const auto again = route_one(*under_test, incoming);
    CHECK_FALSE(again.duplicate);
    CHECK(again.messages.empty());
    CHECK(under_test->store().load(listener)->messages.size() == 1);
  }
  SECTION("settled, it is done with") {
    under_test->store().settle_event(emitted.front());
    CHECK(under_test->store().unrouted(0, 10).empty());
    CHECK(route_one(*under_test, incoming).duplicate);
  }
}

TEST_CASE("an event that is sent again goes to who waits now, and never twice into one mailbox",
          "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const InstanceId first = new_id(1), second = new_id(2);
  owner.write(listening(first, {{1, "f", "", "paid"}}));
  auto incoming = event_of("e1", "f", "h");
  const auto routed = route_one(*under_test, incoming);
  REQUIRE(routed.messages.size() == 1);
  under_test->store().settle_event(routed.id);
  under_test->reopen();
  Owner again{*under_test};
  again.write(listening(second, {{1, "f", "", "paid"}}));

  incoming.stored_id = routed.id;
  CHECK(route_one(*under_test, incoming).messages.empty());
  incoming.again = true;
  const auto sent = route_one(*under_test, incoming);
  CHECK_FALSE(sent.duplicate);
  REQUIRE(sent.messages.size() == 1);  // the first has not read its copy yet
  CHECK(sent.messages.front().to == second);

  InstanceChange read = change_of(first, 1);
  read.consumed_messages = {routed.messages.front().id};
  again.write(read);
  const auto once_more = route_one(*under_test, incoming);
  REQUIRE(once_more.messages.size() == 1);
  CHECK(once_more.messages.front().to == first);
}

TEST_CASE("an event that nobody waits for is held when it is sent again", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  auto incoming = event_of("e1", "f", "h");
  const auto routed = route_one(*under_test, incoming);
  incoming.stored_id = routed.id;
  incoming.again = true;
  CHECK(route_one(*under_test, incoming).messages.empty());
  const InstanceId late = new_id(1);
  CHECK(owner.write(listening(late, {{1, "f", "h", "paid"}})).messages.size() == 1);
}

TEST_CASE("events that start a workflow together wait until their set is whole", "[store]") {
  const auto under_test = any_store();
  Owner owner{*under_test};
  const auto part = [](const std::string& id, std::vector<std::uint32_t> places) {
    auto event = event_of(id, "f", "h");
    runtime::IncomingEvent::Collecting set{.of = 2, .places = {}};
    for (const auto place : places) set.places.push_back({.collection = "w:h", .place = place});
    event.collecting.push_back(std::move(set));
    return event;
  };
  const auto ids = [](const runtime::RoutedEvent& routed) {
    std::string text;
    for (const auto& set : routed.sets)
      for (const auto& event : set.events) text += event.at("id").get<std::string>();
    return text;
  };
  CHECK(route_one(*under_test, part("b", {1})).sets.empty());
  CHECK(route_one(*under_test, part("c", {1})).sets.empty());
  under_test->reopen();
  const auto whole = route_one(*under_test, part("a", {0}));
  REQUIRE(whole.sets.size() == 1);
  CHECK(whole.sets.front().collection == "w:h");
  CHECK(ids(whole) == "ab");

  auto again = part("a", {0});
  again.stored_id = whole.id;
  SECTION("a set is told until its last event is settled") {
    under_test->reopen();
    CHECK(ids(route_one(*under_test, again)) == "ab");
    under_test->store().settle_event(whole.id);
    const auto open = under_test->store().unrouted(0, 10);  // what is settled is written by then
    CHECK(std::ranges::none_of(open, [&](const auto& one) { return one.first == whole.id; }));
    under_test->reopen();
    again.again = true;
    CHECK(route_one(*under_test, again).sets.empty());
  }
  SECTION("its events are used up, the next ones are not") {
    CHECK(ids(route_one(*under_test, part("d", {0}))) == "dc");
    CHECK(route_one(*under_test, part("e", {0})).sets.empty());
  }
  SECTION("who fits several places takes an empty one, or waits behind the first") {
    CHECK(ids(route_one(*under_test, part("d", {0, 1}))) == "dc");
    CHECK(route_one(*under_test, part("e", {0, 1})).sets.empty());
    CHECK(ids(route_one(*under_test, part("f", {0, 1}))) == "ef");
  }
  SECTION("what expired is not waited with") {
    auto late = part("d", {0});
    late.received_at = noon + 3'600'000;
    late.expires_at = late.received_at + 3'600'000;
    CHECK(route_one(*under_test, late).sets.empty());
    CHECK(under_test->store().expire_events(noon + 3'600'000, 100) > 0);
  }
}
