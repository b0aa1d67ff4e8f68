// Ways to write one batch in one round trip to PostgreSQL: statements in a pipeline, with BEGIN and
// COMMIT or as the transaction that a pipeline is by itself; all that a checkpoint writes as one
// statement of several parts; one function of the database.
// usage  bench_commit_shapes postgresql://… [SECONDS]   for each way and size; makes a schema of its own
// shape  a change = an instance's row updated, a journal row of about 500 bytes; for all of a batch
//        one fence that is held and one mark that is raised
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "persistence/postgres/connection.hpp"

namespace {

using namespace sequent;
using namespace sequent::persistence::postgres;
using SteadyClock = std::chrono::steady_clock;

constexpr int instances = 4'096, rounds = 3;

const std::string set_up = R"sql(
  DROP SCHEMA IF EXISTS bench_shapes CASCADE;
  CREATE SCHEMA bench_shapes;
  CREATE TABLE bench_shapes.fence (partition_id bigint PRIMARY KEY, epoch bigint NOT NULL);
  INSERT INTO bench_shapes.fence VALUES (1, 7);
  CREATE TABLE bench_shapes.mark (slot bigint PRIMARY KEY, commits bigint NOT NULL)
    WITH (fillfactor = 20);
  INSERT INTO bench_shapes.mark VALUES (1, 0);
  CREATE TABLE bench_shapes.instance (
    instance_id bigint PRIMARY KEY, last_seq bigint NOT NULL, status text NOT NULL
  ) WITH (fillfactor = 60);
  INSERT INTO bench_shapes.instance SELECT n, 0, 'running' FROM generate_series(0, 4095) AS n;
  CREATE TABLE bench_shapes.journal (
    instance_id bigint NOT NULL, seq bigint NOT NULL, records text NOT NULL,
    PRIMARY KEY (instance_id, seq)
  );
  CREATE FUNCTION bench_shapes.expect(actual bigint, expected bigint, state text) RETURNS bigint
  LANGUAGE plpgsql IMMUTABLE AS $$
  BEGIN
    IF actual IS DISTINCT FROM expected THEN
      RAISE 'expected %, got %', expected, actual USING ERRCODE = state;
    END IF;
    RETURN actual;
  END $$;
  CREATE FUNCTION bench_shapes.write_batch(bigint, bigint, bigint[], bigint[], text[], text[])
  RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    UPDATE bench_shapes.mark SET commits = commits + 1 WHERE slot = 1;
    PERFORM 1 FROM bench_shapes.fence WHERE partition_id = $1 AND epoch = $2 FOR SHARE;
    IF NOT FOUND THEN RAISE 'fenced' USING ERRCODE = 'SQ002'; END IF;
    UPDATE bench_shapes.instance i SET last_seq = c.seq, status = c.status
      FROM unnest($3, $4, $5) AS c (id, seq, status) WHERE i.instance_id = c.id;
    INSERT INTO bench_shapes.journal SELECT * FROM unnest($3, $4, $6);
  END $$;
)sql";

constexpr std::string_view raise_mark = R"sql(
  WITH raised AS (
    UPDATE bench_shapes.mark SET commits = commits + 1 WHERE slot = 1 RETURNING 1)
  SELECT bench_shapes.expect(count(*), 1, 'SQ001') FROM raised
)sql";
constexpr std::string_view hold = R"sql(
  SELECT bench_shapes.expect(count(*), 1, 'SQ002') FROM (
    SELECT 1 FROM bench_shapes.fence WHERE partition_id = ?1::bigint AND epoch = ?2::bigint
    FOR SHARE) AS held
)sql";
constexpr std::string_view update = R"sql(
  UPDATE bench_shapes.instance i SET last_seq = c.seq, status = c.status
  FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[]) AS c (id, seq, status)
  WHERE i.instance_id = c.id
)sql";
constexpr std::string_view insert = R"sql(
  INSERT INTO bench_shapes.journal SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[])
)sql";
constexpr std::string_view call = R"sql(
  SELECT bench_shapes.write_batch(?1::bigint, ?2::bigint, ?3::bigint[], ?4::bigint[], ?5::text[],
                                  ?6::text[])
)sql";
constexpr std::string_view one_statement = R"sql(
  WITH raised AS (
    UPDATE bench_shapes.mark SET commits = commits + 1 WHERE slot = 1 RETURNING 1),
  held AS (
    SELECT 1 FROM bench_shapes.fence WHERE partition_id = ?1::bigint AND epoch = ?2::bigint
    FOR SHARE),
  updated AS (
    UPDATE bench_shapes.instance i SET last_seq = c.seq, status = c.status
    FROM unnest(?3::bigint[], ?4::bigint[], ?5::text[]) AS c (id, seq, status)
    WHERE i.instance_id = c.id),
  appended AS (
    INSERT INTO bench_shapes.journal
    SELECT * FROM unnest(?3::bigint[], ?4::bigint[], ?6::text[]))
  SELECT bench_shapes.expect((SELECT count(*) FROM raised), 1, 'SQ001'),
         bench_shapes.expect((SELECT count(*) FROM held), 1, 'SQ002')
)sql";

struct Changes {
  Integers ids, seqs;
  Texts statuses, records;
};

// Each batch changes other instances than the one before, as partitions do.
class Source {
 public:
  Changes next(int size) {
    Changes changes;
    for (int i = 0; i < size; ++i) {
      changes.ids.add(at_ % instances);
      changes.seqs.add(1 + at_ / instances);
      changes.statuses.add("waiting");
      changes.records.add(records_);
      ++at_;
    }
    return changes;
  }

 private:
  std::int64_t at_ = 0;
  const std::string records_ = std::string(500, 'x');
};

struct Way {
  const char* name;
  std::function<void(Connection&, const Changes&)> write;
};

void queue_statements(Connection& connection, const Changes& c) {
  connection.run(raise_mark);
  connection.run(hold, 1, 7);
  connection.run(update, c.ids, c.seqs, c.statuses);
  connection.run(insert, c.ids, c.seqs, c.records);
}

const std::vector<Way> ways{
    {"pipeline",
     [](Connection& connection, const Changes& c) {
       connection.begin();
       queue_statements(connection, c);
       connection.commit();
     }},
    {"pipeline alone",
     [](Connection& connection, const Changes& c) {
       queue_statements(connection, c);
       connection.flush();
     }},
    {"one in BEGIN",
     [](Connection& connection, const Changes& c) {
       connection.begin();
       connection.run(one_statement, 1, 7, c.ids, c.seqs, c.statuses, c.records);
       connection.commit();
     }},
    {"one alone",
     [](Connection& connection, const Changes& c) {
       static_cast<void>(
           connection.query(one_statement, 1, 7, c.ids, c.seqs, c.statuses, c.records));
     }},
    {"function",
     [](Connection& connection, const Changes& c) {
       static_cast<void>(connection.query(call, 1, 7, c.ids, c.seqs, c.statuses, c.records));
     }},
};

double batches_per_second(Connection& connection, const Way& way, Source& source, int size,
                          double seconds) {
  const auto begin = SteadyClock::now();
  const auto spent = [&] {
    return std::chrono::duration<double>(SteadyClock::now() - begin).count();
  };
  int count = 0;
  for (; spent() < seconds; ++count) way.write(connection, source.next(size));
  return count / spent();
}

void measure(Connection& connection, int size, double seconds) {
  Source source;
  connection.script("TRUNCATE bench_shapes.journal");
  connection.script("VACUUM bench_shapes.instance");
  std::vector<std::vector<double>> figures(ways.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < ways.size(); ++i)
      figures[i].push_back(batches_per_second(connection, ways[i], source, size, seconds));
  double first = 0;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    std::ranges::sort(figures[i]);
    const double median = figures[i][rounds / 2];
    if (i == 0) first = median;
    std::printf("%6d changes  %-14s %8.0f batches/s  %8.0f us each  %5.2f\n", size, ways[i].name,
                median, 1e6 / median, median / first);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** words) {
  const auto address = count < 2
                           ? sequent::fail(sequent::ErrorCode::invalid_request,
                                           "usage: bench_commit_shapes postgresql://… [SECONDS]")
                           : Address::parse(words[1], "bench");
  if (!address) {
    std::fprintf(stderr, "%s\n", address.error().detail.c_str());
    return 2;
  }
  const double seconds = count > 2 ? std::max(0.1, std::atof(words[2])) : 2;
  try {
    const auto connection = Connection::open(*address, Role::writer);
    connection->script(set_up);
    for (const int size : {1, 16, 128}) measure(*connection, size, seconds);
    connection->script("DROP SCHEMA bench_shapes CASCADE");
  } catch (const SqlError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
