#include "bench/workloads/database_load.hpp"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sequent::bench {
namespace {

namespace fs = std::filesystem;
namespace postgres = persistence::postgres;

constexpr std::string_view my_process = "SELECT pg_backend_pid()::bigint";
constexpr std::string_view log_written = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint";

/// What /proc/PID/stat tells of a process (proc(5)).
struct Process {
  std::string name;
  int parent = 0;
  double own_seconds = 0, ended_children_seconds = 0;
};

Process look_at(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  std::getline(file, line);
  const auto open = line.find('('), close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return {};  // it has just ended
  std::istringstream rest(line.substr(close + 1));
  std::string state;
  Process process{.name = line.substr(open + 1, close - open - 1)};
  rest >> state >> process.parent;
  constexpr int between = 9;  // group … majflt of children
  std::string skipped;
  for (int i = 0; i < between; ++i) rest >> skipped;
  std::array<double, 4> ticks{};
  for (double& each : ticks) rest >> each;
  const auto per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  process.own_seconds = (ticks[0] + ticks[1]) / per_second;
  process.ended_children_seconds = (ticks[2] + ticks[3]) / per_second;
  return process;
}

}  // namespace

DatabaseLoad::DatabaseLoad(const std::string& store) {
  const auto address = postgres::Address::parse(store, "bench");
  if (!address) return;
  address_ = std::make_unique<postgres::Address>(*address);
  connection_ = postgres::Connection::open(*address_, postgres::Role::reader);
  auto rows = connection_->query(my_process);
  if (!rows.next()) return;
  const Process backend = look_at(std::to_string(rows.integer(0)));
  if (backend.name.starts_with("postgres")) server_ = backend.parent;
}

DatabaseLoad::~DatabaseLoad() = default;

double DatabaseLoad::cpu_seconds() const {
  if (server_ == 0) return 0;
  const Process server = look_at(std::to_string(server_));
  double sum = server.own_seconds + server.ended_children_seconds;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    const Process process = look_at(pid);
    if (process.parent == server_) sum += process.own_seconds;
  }
  return sum;
}

std::int64_t DatabaseLoad::log_bytes() const {
  if (!connection_) return 0;
  auto rows = connection_->query(log_written);
  return rows.next() ? rows.integer(0) : 0;
}

}  // namespace sequent::bench
