// What is done once in the cluster, whoever leads and whoever dies: batches, schedules, the state of
// providers, webhooks. Two real nodes on one PostgreSQL.
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "base/digest.hpp"
#include "base/time.hpp"
#include "tests/cli/cluster_support.hpp"
#include "tests/support/absent.hpp"

using namespace sequent;
using namespace sequent::cli::test;
using sequent::test::leave_out;
using sequent::test::PostgresServer;

namespace {

/// Two nodes on a schema of their own, each with its share.
struct Two {
  Two(const PostgresServer& server, std::string schema_name,
      const ClusterNode::Options& options = {})
      : database(server),
        schema(std::move(schema_name)),
        first(database.url() + "?schema=" + schema, "first", options),
        second(database.url() + "?schema=" + schema, "second", options) {
    REQUIRE(in_time([&] {
      return value("SELECT count(DISTINCT owner) FROM $.partition WHERE owner <> ''") == "2";
    }));
  }
  /// `$` stands for the schema.
  [[nodiscard]] std::string value(std::string sql) const {
    for (auto at = sql.find('$'); at != std::string::npos; at = sql.find('$', at))
      sql.replace(at, 1, schema);
    return database.value(sql);
  }
  [[nodiscard]] std::int64_t number(const std::string& sql) const { return std::stoll(value(sql)); }
  [[nodiscard]] ClusterNode& leader() {
    return leader_of(database, schema).starts_with("first") ? first : second;
  }
  [[nodiscard]] ClusterNode& follower() { return &leader() == &first ? second : first; }

  const PostgresServer& database;
  const std::string schema;
  ClusterNode first, second;
};

// A charge at `provider`, whose name is in the path.
std::string charging(const std::string& provider) {
  return "document: {dsl: 1.0.3, namespace: test, name: charges, version: 1.0.0}\n"
         "do:\n"
         "  - charge:\n"
         "      call: http\n"
         "      with: {method: post, endpoint: '${ \"" +
         provider + "/\" + .name }', body: {amount: 5}}\n";
}

/// Times that a schedule made runs for, in order.
std::vector<Timestamp> due_times(const Two& two) {
  const auto text = two.value(
      "SELECT coalesce(string_agg(right(key, 24), ' ' ORDER BY right(key, 24)), '') "
      "FROM $.idempotency_key WHERE key LIKE 'schedule:%'");
  std::vector<Timestamp> times;
  std::istringstream words{text};
  for (std::string word; words >> word;) {
    const auto time = parse_time(word);
    INFO(word);
    REQUIRE(time.has_value());
    times.push_back(*time);
  }
  return times;
}

}  // namespace

TEST_CASE("a batch whose leader is killed midway acts on each run once", "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  Two two{*database, "batch"};
  CountingProvider provider;
  provider.answers = 402;
  const Folder folder;
  two.first.deploy(folder.file("charges.yaml", charging(provider.url())));
  constexpr int runs = 60;
  for (int i = 0; i < runs; ++i)
    (void)(i % 2 == 0 ? two.first : two.second)
        .start("test/charges", {{"name", "r" + std::to_string(i)}});
  const std::string faulted = "SELECT count(*) FROM $.instance WHERE status = 'faulted'";
  REQUIRE(in_time([&] { return two.number(faulted) == runs; }));

  provider.forget();
  provider.answers = 200;
  ClusterNode& dying = two.leader();
  ClusterNode& living = two.follower();
  const Json order{{"action", "retry"},
                   {"where", "status=faulted and workflow=test/charges"},
                   {"rate", "15/s"},
                   {"reason", "the card is good again"}};
  const auto created = ask("POST", living.url + "/api/v1/batches", order.dump());
  INFO(created.text);
  REQUIRE(created.status == 201);
  const auto batch_url = living.url + "/api/v1/batches/" + text_of(created.body, "id");
  REQUIRE(in_time([&] { return provider.count() >= runs / 4; }));
  dying.die();
  const auto at_death = provider.count();
  CHECK(at_death < runs);  // midway
  REQUIRE(in_time([&] { return text_of(ask("GET", batch_url).body, "state") == "finished"; }));

  const auto items = ask("GET", batch_url).body.at("items");
  INFO(items.dump());
  CHECK(items.at("total") == runs);
  CHECK(items.at("succeeded") == runs);
  CHECK(two.number("SELECT count(*) FROM $.instance WHERE status = 'completed'") == runs);
  // The journals: one retry each, neither none nor two.
  constexpr auto retries = "SELECT count(*) FROM $.journal WHERE records LIKE '%\"TaskRetried\"%'";
  CHECK(two.number(retries) == runs);
  CHECK(two.number("SELECT count(DISTINCT instance_id) FROM $.journal "
                   "WHERE records LIKE '%\"TaskRetried\"%'") == runs);
  // The provider: whoever was called twice, over the death of a node, under one key.
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& call : provider.calls()) keys[call.path].insert(call.key);
  CHECK(keys.size() == runs);
  for (const auto& [path, own] : keys) CHECK(own.size() == 1);
  CHECK(two.number("SELECT count(*) FROM $.audit WHERE action = 'batch.retry'") == 1);
  CHECK(living.stop());
}

TEST_CASE("a schedule of every second makes one run for each of its times, whoever leads",
          "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  Two two{*database, "ticking"};
  const Folder folder;
  two.first.deploy(
      folder.file("tick.yaml",
                  "document: {dsl: 1.0.3, namespace: test, name: tick, version: 1.0.0}\n"
                  "schedule: {every: {seconds: 1}}\n"
                  "do:\n  - tick: {call: debug.echo, with: {n: 1}}\n"));
  const auto made = [&] { return two.number("SELECT count(*) FROM $.instance"); };
  REQUIRE(in_time([&] { return made() >= 4; }));
  ClusterNode& living = two.follower();
  two.leader().die();
  const auto last = due_times(two).back();
  REQUIRE(in_time([&] { return due_times(two).back() > last + 4'000; }));
  REQUIRE(in_time([&] {
    const auto completed = "SELECT count(*) FROM $.instance WHERE status <> 'completed'";
    return two.number(completed) <= 1;
  }));

  const auto times = due_times(two);
  CHECK(two.number("SELECT count(*) - count(DISTINCT instance_id) FROM $.idempotency_key") == 0);
  CHECK(std::cmp_less_equal(times.size(), made()));
  CHECK(std::cmp_less_equal(made(), times.size() + 1));  // one may have been made since
  DurationMs missed = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const DurationMs step = times[i] - times[i - 1];
    CAPTURE(i, step);
    CHECK(step > 0);
    CHECK(step % 1'000 == 0);  // the same raster under both leaders: no time has two runs
    missed += step - 1'000;
  }
  // The take-over: of the times that it took, the last one is made up for.
  CHECK(missed <= 20'000);
  CHECK(living.stop());
}

TEST_CASE("the same webhook to two nodes at once has one effect", "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  const Folder folder;
  const auto configuration = folder.file("sequent.yaml",
                                         "webhooks:\n"
                                         "  sources:\n"
                                         "    billing:\n"
                                         "      secrets: [{value: secret}]\n"
                                         "      signature: {header: X-Signature}\n"
                                         "      typePrefix: com.billing.\n");
  Two two{*database, "hooks", {{"--config", configuration}, {}}};
  two.first.deploy(
      folder.file("paid.yaml",
                  "document: {dsl: 1.0.3, namespace: test, name: paid, version: 1.0.0}\n"
                  "schedule: {on: {one: {with: {type: com.billing.paid}}}}\n"
                  "do:\n  - note: {call: debug.echo, with: {n: 1}}\n"));
  two.first.deploy(
      folder.file("hears.yaml",
                  "document: {dsl: 1.0.3, namespace: test, name: hears, version: 1.0.0}\n"
                  "do:\n"
                  "  - all: {listen: {to: {all: [{with: {type: com.billing.paid}}, "
                  "{with: {type: com.billing.never}}]}}}\n"));
  const auto listening = two.second.start("test/hears", Json::object());
  REQUIRE(in_time([&] { return two.number("SELECT count(*) FROM $.subscription") >= 1; }));

  constexpr int events = 20;
  for (int i = 0; i < events; ++i) {
    const std::string body = R"({"id":"e)" + std::to_string(i) + R"(","type":"paid","amount":5})";
    net::Headers headers;
    headers.add("X-Signature", hmac_sha256_hex("secret", body));
    Answer answers[2];
    std::thread other{
        [&] { answers[0] = ask("POST", two.first.url + "/webhooks/billing", body, headers); }};
    answers[1] = ask("POST", two.second.url + "/webhooks/billing", body, headers);
    other.join();
    for (const auto& answer : answers) {
      INFO(answer.text);
      CHECK(answer.status == 200);
    }
  }
  const std::string runs =
      "SELECT count(*) FROM $.instance i JOIN $.workflow w USING (workflow_id) WHERE w.name = "
      "'paid'";
  REQUIRE(in_time([&] { return two.number(runs + " AND i.status = 'completed'") == events; }));
  CHECK(two.number(runs) == events);
  CHECK(two.number("SELECT count(*) FROM $.event WHERE origin <> 'emit'") == events);
  CHECK(two.number("SELECT min(deliveries) * 10 + max(deliveries) FROM $.event") == 22);
  // The listener heard the first of them, once; the rest is nothing to it.
  CHECK(two.number("SELECT count(*) FROM $.journal WHERE records LIKE '%\"EventConsumed\"%' AND "
                   "instance_id = '" +
                   listening + "'") == 1);
  CHECK(two.first.stop());
  CHECK(two.second.stop());
}

TEST_CASE(
    "an outage is one for the cluster: opened once, probed by one, drained by all at the rate",
    "[cli][postgres]") {
  PostgresServer* database = PostgresServer::shared();
  if (database == nullptr) return leave_out(PostgresServer::why_absent());
  Two two{*database, "outage"};
  CountingProvider provider;
  const Folder folder;
  two.first.deploy(folder.file("charges.yaml", charging(provider.url())));
  ClusterNode* const nodes[] = {&two.first, &two.second};
  int started = 0;
  const auto start_on = [&](ClusterNode& node) {
    (void)node.start("test/charges", {{"name", "r" + std::to_string(started++)}});
  };
  const auto sum = [&](const std::string& metric) {
    return nodes[0]->metric(metric) + nodes[1]->metric(metric);
  };
  const auto state_at = [&](const ClusterNode& node) {
    const auto providers = ask("GET", node.url + "/api/v1/providers").body;
    for (const auto& one : providers.value("items", Json::array()))
      if (!one.at("class").is_null()) return text_of(one, "state");
    return std::string{};
  };
  for (ClusterNode* node : nodes) start_on(*node);
  REQUIRE(in_time([&] { return provider.count() == 2; }));
  const auto name =
      text_of(ask("GET", two.first.url + "/api/v1/providers").body.at("items").at(0), "provider");
  const auto limited = sequent::cli::test::sequent(
      {"providers", "limit", name, "--rate", "5", "--reason", "a test", "--server", two.first.url});
  INFO(limited.error);
  REQUIRE(limited.code == 0);

  // Down: calls of both nodes fail until the circuit is open, for both of them.
  provider.answers = 503;
  provider.delay_ms = 150;  // so that calls at once are seen to be
  REQUIRE(in_time([&] {
    for (ClusterNode* node : nodes) start_on(*node);
    return state_at(two.first) == "open" && state_at(two.second) == "open";
  }));
  const auto stored = [&](const std::string& field) {
    return two.value("SELECT state::json->>'" + field +
                     "' FROM $.provider_circuit WHERE operation_class <> '*'");
  };
  REQUIRE(in_time([&] { return stored("position") == "open"; }));
  const auto opened_at = stored("openedAt");
  // What had left has come back; from here on only canaries do.
  REQUIRE(in_time([&] { return sum("sequent_activities_in_flight") == 0; }));
  provider.forget();
  const double canaries_before = sum("sequent_canaries_total");
  for (int i = 0; i < 40; ++i)
    for (ClusterNode* node : nodes) start_on(*node);
  constexpr std::size_t canaries = 3;  // of one probe, at most: outages::Settings
  constexpr int probes_seen = 2;       // the first failure ends each
  REQUIRE(in_time([&] {
    return stored("openings") == std::to_string(1 + probes_seen) && stored("position") == "open";
  }));
  // Opened once, by whichever node, and once more by each probe: not by every node that saw it.
  CHECK(in_time([&] { return sum("sequent_circuits_opened_total") == 1 + probes_seen; }));
  CHECK(stored("openedAt") == opened_at);
  const auto probes = provider.calls();
  CHECK(probes.size() >= probes_seen);
  CHECK(provider.most_at_once() <= static_cast<int>(canaries));
  std::vector<std::int64_t> times;
  for (const auto& call : probes) times.push_back(call.at_ms);
  CHECK(most_within(times, 4'000) <= canaries);  // the shortest pause between probes is 5 s
  CHECK(sum("sequent_canaries_total") - canaries_before >= probes_seen);
  provider.forget();
  provider.answers = 200;
  provider.delay_ms = 0;
  const std::string done = "SELECT count(*) FROM $.instance WHERE status = 'completed'";
  REQUIRE(in_time([&] { return two.number(done) == started; }));
  for (ClusterNode* node : nodes) CHECK(node->metric("sequent_calls_let_go_total") > 0);
  times.clear();
  std::map<std::string, std::set<std::string>> keys;
  for (const auto& call : provider.calls()) {
    times.push_back(call.at_ms);
    keys[call.path].insert(call.key);
  }
  // 5 a second over both; alone, the waves of a drain would let four times as many go.
  CHECK(most_within(times, 5'000) <= 40);
  for (const auto& [path, own] : keys) CHECK(own.size() == 1);
  CHECK(provider.calls().size() == keys.size());  // nobody was called twice
  CHECK(state_at(two.first) == "closed");
  CHECK(state_at(two.second) == "closed");
  CHECK(two.first.stop());
  CHECK(two.second.stop());
}
