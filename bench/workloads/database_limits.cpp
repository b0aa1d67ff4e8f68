#include "bench/workloads/database_limits.hpp"

#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>

#include "bench/workloads/node.hpp"
#include "persistence/postgres/connection.hpp"

namespace sequent::bench {
namespace {

namespace postgres = persistence::postgres;

constexpr int seconds = 3;
// Debian keeps it out of the path.
constexpr const char* find_pgbench =
    "command -v pgbench || ls -d /usr/lib/postgresql/*/bin/pgbench 2>/dev/null | tail -n 1";

struct Shape {
  const char *name, *sql;
  int rows, clients;
};
constexpr Shape shapes[] = {
    {"1 row", "INSERT INTO bench_limit (body) VALUES (repeat('x', 300));", 1, 1},
    {"1 row", "INSERT INTO bench_limit (body) VALUES (repeat('x', 300));", 1, 16},
    {"100 rows",
     "INSERT INTO bench_limit (body) SELECT b FROM unnest(array_fill(repeat('x', 300), "
     "ARRAY[100])) AS b;",
     100, 1}};

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command.c_str(), "r"), ::pclose};
  if (!pipe) give_up("cannot run: " + command);
  std::string all;
  char part[512];
  while (std::fgets(part, sizeof part, pipe.get()) != nullptr) all += part;
  return all;
}

std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return word + "'";
}

// As libpq takes it (PostgreSQL manual, "Connection Strings"): ours has a parameter of its own.
std::string spelled(const postgres::Address& address) {
  std::string text;
  for (const auto& [name, value] : address.options) {
    text += name + "='";
    for (const char c : value)
      text += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
    text += "' ";
  }
  return text;
}

std::optional<double> transactions_per_second(const std::string& report) {
  const auto at = report.find("tps = ");
  if (at == std::string::npos) return std::nullopt;
  return std::stod(report.substr(at + 6));
}

}  // namespace

void print_database_limits(const std::string& store, const std::filesystem::path& folder) {
  std::string pgbench = output_of(find_pgbench);
  if (pgbench.empty()) {
    std::printf("limit  of the database: not known, there is no pgbench (Debian: postgresql)\n");
    return;
  }
  pgbench.pop_back();  // the end of its line
  const auto address = postgres::Address::parse(store, "bench");
  if (!address) give_up(address.error().detail);
  const auto connection = postgres::Connection::open(*address, postgres::Role::writer);
  const auto script = folder / "pgbench.sql";
  for (const Shape& shape : shapes) {
    connection->script(
        "DROP TABLE IF EXISTS public.bench_limit; CREATE TABLE public.bench_limit (id bigserial "
        "PRIMARY KEY, body text NOT NULL)");
    std::ofstream{script} << shape.sql << '\n';
    const std::string clients = std::to_string(shape.clients);
    const auto tps = transactions_per_second(
        output_of(pgbench + " -n -M prepared -T " + std::to_string(seconds) + " -c " + clients +
                  " -j " + std::to_string(std::min(shape.clients, 2)) + " -f " +
                  quoted(script.string()) + ' ' + quoted(spelled(*address)) + " 2>&1"));
    if (!tps) give_up("pgbench told nothing of " + store);
    std::printf("limit  pgbench, %s a transaction, %d clients: %.0f commits/s, %.0f rows/s\n",
                shape.name, shape.clients, *tps, *tps * shape.rows);
  }
  connection->script("DROP TABLE public.bench_limit");
  std::filesystem::remove(script);
  std::fflush(stdout);
}

}  // namespace sequent::bench
