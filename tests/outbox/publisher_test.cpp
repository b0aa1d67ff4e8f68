// What a publisher promises: order, at least once, nothing lost; with a sink and a log that fail.
#include <catch2/catch.hpp>

#include "engine/runtime/store.hpp"
#include "persistence/sqlite/statement.hpp"
#include "support.hpp"

namespace sequent::outbox::test {
namespace {

/// What all sinks of a test took, and what they do next.
struct Shelf {
  std::mutex mutex;
  std::vector<std::string> taken;
  std::deque<std::size_t> take_only;  // of the next sends: so many, then fail
  std::size_t sends = 0;
  std::string refuses;  // the id of an event that is never taken

  [[nodiscard]] std::vector<std::string> ids() {
    const std::lock_guard lock{mutex};
    return taken;
  }
};

class ShelfSink final : public Sink {
 public:
  explicit ShelfSink(Shelf& shelf) : shelf_(shelf) {}
  Sent send(std::span<const runtime::EmittedEvent> events) override {
    const std::lock_guard lock{shelf_.mutex};
    ++shelf_.sends;
    Sent sent{events.size(), std::nullopt};
    if (!shelf_.take_only.empty()) {
      sent.events = std::min(shelf_.take_only.front(), events.size());
      shelf_.take_only.pop_front();
      sent.failure = Failure{"as told"};
    }
    for (std::size_t i = 0; i < sent.events; ++i)
      if (text_of(events[i].event, "id") == shelf_.refuses)
        sent = Sent{i, Failure{"never " + shelf_.refuses}};
    for (std::size_t i = 0; i < sent.events; ++i)
      shelf_.taken.push_back(text_of(events[i].event, "id"));
    return sent;
  }
  std::optional<Failure> check() override { return std::nullopt; }
  void stop() override {}
  std::string where() const override { return "a shelf"; }

 private:
  Shelf& shelf_;
};

/// The store's log, whose cursor can be kept from moving: what a crash before that write leaves.
class StuckLog final : public runtime::Outbox {
 public:
  explicit StuckLog(runtime::Outbox& log) : log_(log) {}
  std::int64_t open_sink(const std::string& sink, bool from_now, Timestamp now) override {
    return log_.open_sink(sink, from_now, now);
  }
  std::vector<runtime::EmittedEvent> emitted(std::int64_t after, std::size_t limit,
                                             std::size_t max_bytes) override {
    if (fail_reads-- > 0) throw runtime::StoreFailure{"no reading today", false};
    return log_.emitted(after, limit, max_bytes);
  }
  void advance(const std::string& sink, std::int64_t id, Timestamp now) override {
    ++writes;
    if (stuck) throw runtime::StoreFailure{"no room on the disk", true};
    log_.advance(sink, id, now);
  }
  std::size_t count_emitted(std::int64_t after, std::size_t most) override {
    return log_.count_emitted(after, most);
  }
  void when_emitted(std::function<void()> wake) override { log_.when_emitted(std::move(wake)); }

  std::atomic<bool> stuck = false;
  std::atomic<int> fail_reads = 0, writes = 0;

 private:
  runtime::Outbox& log_;
};

using Ids = std::vector<std::string>;

TEST_CASE("emitted events are published in the order of commits, old ones first", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2"});
  Shelf shelf;
  Running running{quick("s"), std::make_unique<ShelfSink>(shelf), emitter.store()};
  CHECK(eventually([&] { return shelf.ids().size() == 2; }));
  emitter.emit({"a3"});
  emitter.emit({"a4", "a5"});
  REQUIRE(eventually([&] { return shelf.ids().size() == 5; }));
  CHECK(shelf.ids() == Ids{"a1", "a2", "a3", "a4", "a5"});
  CHECK(eventually([&] { return running->figures().behind == 0; }));
  CHECK(running->figures().published == 5);
  CHECK(running->figures().failures == 0);
  CHECK(running->figures().oldest_pending == 0);
}

TEST_CASE("what came in from outside is not published", "[outbox]") {
  Emitter emitter;
  runtime::IncomingEvent incoming;
  incoming.event = {{"source", "stripe"}, {"id", "evt_1"}, {"type", "com.stripe.paid"}};
  incoming.origin = "stripe";
  (void)emitter.store().route({&incoming, 1});
  emitter.emit({"a1"});
  Shelf shelf;
  Running running{quick("s"), std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return !shelf.ids().empty(); }));
  CHECK(shelf.ids() == Ids{"a1"});
}

TEST_CASE("a restart goes on behind what was published", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2"});
  Shelf shelf;
  {
    Running running{quick("s"), std::make_unique<ShelfSink>(shelf), emitter.store()};
    REQUIRE(eventually([&] { return emitter.cursor("s") == 2; }));
  }
  emitter.emit({"a3"});
  emitter.reopen();
  Running running{quick("s"), std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return shelf.ids().size() >= 3; }));
  CHECK(shelf.ids() == Ids{"a1", "a2", "a3"});
}

TEST_CASE("of several nodes the one that leads publishes, and the next goes on behind it",
          "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2"});
  std::atomic<int> leader = 0;
  Shelf shelves[2];
  const auto node = [&](int number) {
    PublisherOptions options = quick("s");
    options.leadership = [&leader, number]() -> std::optional<Epoch> {
      if (leader == number) return 1;
      return std::nullopt;
    };
    return options;
  };
  Running first{node(0), std::make_unique<ShelfSink>(shelves[0]), emitter.store()};
  Running second{node(1), std::make_unique<ShelfSink>(shelves[1]), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 2; }));
  leader = 1;
  emitter.emit({"a3"});
  second->wake();
  REQUIRE(eventually([&] { return emitter.cursor("s") == 3; }));
  leader = 0;
  emitter.emit({"a4"});
  first->wake();
  REQUIRE(eventually([&] { return emitter.cursor("s") == 4; }));
  CHECK(shelves[1].ids() == Ids{"a3"});
  CHECK(shelves[0].ids().back() == "a4");
}

TEST_CASE("a node that led, and leads again, goes on behind what was published between",
          "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2"});
  std::atomic<Epoch> term = 1;
  auto options = quick("s");
  options.leadership = [&term] { return std::optional<Epoch>{term}; };
  Shelf shelf;
  Running running{options, std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 2; }));
  emitter.store().when_emitted(nullptr);
  // At no look of this one it did not lead.
  emitter.emit({"a3"});
  emitter.store().advance("s", 3, runtime::SystemClock{}.now());
  term = 3;
  emitter.emit({"a4"});
  running->wake();
  REQUIRE(eventually([&] { return emitter.cursor("s") == 4; }));
  CHECK(shelf.ids() == Ids{"a1", "a2", "a4"});
}

TEST_CASE("a crash between publishing and the cursor sends again, under the same id", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2"});
  Shelf shelf;
  {
    StuckLog log{emitter.store()};
    log.stuck = true;
    Running running{quick("s"), std::make_unique<ShelfSink>(shelf), log};
    REQUIRE(eventually([&] { return log.writes >= 3; }));
    CHECK(shelf.ids() == Ids{"a1", "a2"});  // the node lives: it knows what it has sent
  }
  CHECK(emitter.cursor("s") == 0);
  emitter.reopen();
  emitter.emit({"a3"});
  Running running{quick("s"), std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return shelf.ids().size() >= 5; }));
  CHECK(shelf.ids() == Ids{"a1", "a2", "a1", "a2", "a3"});
}

TEST_CASE("a cursor that the store could not keep is written once it can", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1"});
  Shelf shelf;
  StuckLog log{emitter.store()};
  log.stuck = true;
  log.fail_reads = 2;
  Running running{quick("s"), std::make_unique<ShelfSink>(shelf), log};
  REQUIRE(eventually([&] { return log.writes >= 2; }));
  log.stuck = false;
  CHECK(eventually([&] { return emitter.cursor("s") == 1; }));
  CHECK(shelf.ids() == Ids{"a1"});
  CHECK(running->figures().failures >= 4);
}

TEST_CASE("an event that is not taken holds up those behind it", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2", "a3"});
  Shelf shelf;
  shelf.take_only = {1, 0, 0};
  Running running{quick("s"), std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return shelf.ids().size() == 3; }));
  CHECK(shelf.ids() == Ids{"a1", "a2", "a3"});
  CHECK(running->figures().failures == 3);
  CHECK(eventually([&] { return emitter.cursor("s") == 3; }));
}

TEST_CASE("an operator leaves out the event that a sink refuses for good", "[outbox]") {
  Emitter emitter;
  emitter.emit({"b1", "a1", "a2", "a3"});
  Shelf shelf;
  shelf.refuses = "a1";
  auto options = quick("s");
  options.types = {"com.example.a"};
  options.longest_pause_ms = 60'000;
  Running running{options, std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return running->figures().failures >= 2; }));
  const auto stuck = running->status();
  CHECK(stuck.where == "a shelf");
  CHECK(stuck.here);
  REQUIRE(stuck.next.has_value());
  CHECK(stuck.next->id == 2);
  CHECK(text_of(stuck.next->event, "id") == "a1");
  CHECK(stuck.pending == 4);  // what nobody wants is counted too
  CHECK(stuck.error == "never a1");
  CHECK(stuck.failing_since > 0);
  for (const std::int64_t other : {1, 3, 99}) {
    const auto refused = running->skip(other);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::wrong_state);
  }
  CHECK(emitter.cursor("s") == 0);
  REQUIRE(running->skip(2).has_value());
  REQUIRE(eventually([&] { return emitter.cursor("s") == 4; }));
  CHECK(shelf.ids() == Ids{"a2", "a3"});
  CHECK(eventually([&] { return running->status().error.empty(); }));
  const auto well = running->status();
  CHECK_FALSE(well.next.has_value());
  CHECK(well.pending == 0);
  CHECK(well.failing_since == 0);
  CHECK_FALSE(running->skip(2).has_value());
}

TEST_CASE("what is left out at another node is left out by the one that publishes", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2"});
  Shelf shelf, other;
  shelf.refuses = "a1";
  Running first{quick("s"), std::make_unique<ShelfSink>(shelf), emitter.store()};
  auto options = quick("s");
  options.leadership = [] { return std::optional<Epoch>{}; };
  Running second{options, std::make_unique<ShelfSink>(other), emitter.store()};
  REQUIRE(eventually([&] { return first->figures().failures >= 1; }));
  const auto seen = second->status();
  CHECK_FALSE(seen.here);
  CHECK(seen.error.empty());
  REQUIRE(seen.next.has_value());
  CHECK(second->retry().error().code == ErrorCode::wrong_state);
  REQUIRE(second->skip(seen.next->id).has_value());
  CHECK(eventually([&] { return shelf.ids() == Ids{"a2"}; }));
  CHECK(other.ids().empty());
}

TEST_CASE("an operator ends the pause after a failure", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1"});
  Shelf shelf;
  shelf.take_only = {0};
  auto options = quick("s");
  options.first_pause_ms = options.longest_pause_ms = 600'000;
  Running running{options, std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return running->status().error == "as told"; }));
  CHECK(shelf.ids().empty());
  REQUIRE(running->retry().has_value());
  CHECK(eventually([&] { return shelf.ids() == Ids{"a1"}; }));
}

TEST_CASE("while a sink is down it is asked rarely, and the lag is seen", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2"});
  Shelf shelf;
  shelf.take_only.assign(10'000, 0);
  auto options = quick("s");
  options.longest_pause_ms = 60'000;
  Running running{options, std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return running->figures().failures >= 3; }));
  const auto figures = running->figures();
  CHECK(figures.behind == 2);
  CHECK(figures.oldest_pending > 0);
  for (int i = 0; i < 50; ++i) emitter.emit({"b" + std::to_string(i)});  // no reason to ask again
  CHECK(running->figures().failures <= 10);  // 10 ms doubled ten times is 10 s
}

TEST_CASE("a sink gets the types that it asked for", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "b1", "a2", "c1", "b2"});
  Shelf shelf;
  auto options = quick("s");
  options.types = {"com.example.a", "com.example.c"};
  Running running{options, std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return emitter.cursor("s") == 5; }));  // past what it leaves out
  CHECK(shelf.ids() == Ids{"a1", "a2", "c1"});
}

TEST_CASE("types that nobody wants cost no write each", "[outbox]") {
  Emitter emitter;
  Shelf shelf;
  StuckLog log{emitter.store()};
  auto options = quick("s");
  options.types = {"com.example.a"};
  options.most_skipped = 10;
  Running running{options, std::make_unique<ShelfSink>(shelf), log};
  for (int i = 0; i < 9; ++i) emitter.emit({"b" + std::to_string(i)});
  emitter.emit({"b9"});
  REQUIRE(eventually([&] { return emitter.cursor("s") == 10; }));
  CHECK(log.writes == 1);
  CHECK(shelf.ids().empty());
}

TEST_CASE("a new sink may begin with what comes", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1"});
  Shelf shelf;
  auto options = quick("s");
  options.from_now = true;
  CHECK(emitter.store().open_sink("s", true, 1) == 1);
  emitter.emit({"a2"});
  Running running{options, std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return !shelf.ids().empty(); }));
  CHECK(shelf.ids() == Ids{"a2"});  // and what came since, after a restart
}

TEST_CASE("two sinks don't wait for each other", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1"});
  Shelf down, up;
  down.take_only.assign(10'000, 0);
  Running first{quick("down"), std::make_unique<ShelfSink>(down), emitter.store()};
  Running second{quick("up"), std::make_unique<ShelfSink>(up), emitter.store()};
  REQUIRE(eventually([&] { return up.ids().size() == 1; }));
  CHECK(down.ids().empty());
  CHECK(emitter.cursor("down") == 0);
}

TEST_CASE("chunks end at their limits of number and size", "[outbox]") {
  Emitter emitter;
  Ids all;
  for (int i = 0; i < 25; ++i) all.push_back("a" + std::to_string(i));
  emitter.emit(all);
  CHECK(emitter.store().emitted(0, 10, 1 << 20).size() == 10);
  CHECK(emitter.store().emitted(0, 100, 1).size() == 1);  // always one
  CHECK(emitter.store().emitted(20, 100, 1 << 20).size() == 5);
  CHECK(emitter.store().count_emitted(5, 1'000) == 20);
  CHECK(emitter.store().count_emitted(5, 3) == 3);
  Shelf shelf;
  auto options = quick("s");
  options.most_events = 4;
  Running running{options, std::make_unique<ShelfSink>(shelf), emitter.store()};
  REQUIRE(eventually([&] { return shelf.ids().size() == 25; }));
  CHECK(shelf.ids() == all);
}

TEST_CASE("an expired event is published all the same", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1"});
  runtime::IncomingEvent held;
  held.event = emitter.store().emitted(0, 1, 1 << 20).front().event;
  held.candidates.push_back({"somebody", ""});
  held.expires_at = 10;
  held.stored_id = 1;
  (void)emitter.store().route({&held, 1});
  REQUIRE(emitter.store().expire_events(11, 100) == 1);
  Shelf shelf;
  Running running{quick("s"), std::make_unique<ShelfSink>(shelf), emitter.store()};
  CHECK(eventually([&] { return shelf.ids() == Ids{"a1"}; }));
}

TEST_CASE("no event is deleted before every sink has published it", "[outbox]") {
  Emitter emitter;
  emitter.emit({"a1", "a2", "a3"});
  REQUIRE(emitter.cursor("slow") == 0);
  REQUIRE(emitter.cursor("quick") == 0);
  emitter.store().advance("quick", 3, 1);
  emitter.store().advance("slow", 2, 1);
  emitter.store().advance("slow", 1, 1);  // never back
  CHECK(emitter.cursor("slow") == 2);
  const auto connection = persistence::Connection::open(emitter.folder() + "/sequent.db",
                                                        persistence::Connection::Mode::read_write);
  connection->script("DELETE FROM event");
  const auto left = emitter.store().emitted(0, 10, 1 << 20);
  REQUIRE(left.size() == 1);
  CHECK(text_of(left.front().event, "id") == "a3");
}

}  // namespace
}  // namespace sequent::outbox::test
