#include "tests/chaos/database.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace sequent::chaos {
namespace {

namespace fs = std::filesystem;

constexpr DurationMs patience_ms = 120'000, tool_ms = 60'000, serving_look_ms = 50,
                     after_moment_ms = 1'500;
constexpr const char* admin = "postgres";

// Debian keeps each major version apart; the newest one serves.
std::string find_binaries() {
  std::string found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const auto folder = version.path() / "bin";
    if (fs::exists(folder / "postgres") && folder.string() > found) found = folder.string();
  }
  if (found.empty())
    throw std::runtime_error("PostgreSQL's server is absent: apt-get install postgresql");
  return found;
}

}  // namespace

Database::Database(std::string folder) : folder_(std::move(folder)), binaries_(find_binaries()) {
  fs::create_directories(folder_ + "/archive");
  if (::geteuid() == 0)
    run_to_end({.words = {"/bin/chown", "-R", admin, folder_}, .log = folder_ + "/tools.log"},
               tool_ms);
  for (int i = 0; i < 2; ++i) {
    servers_[i].data = folder_ + "/server-" + std::to_string(i + 1);
    servers_[i].log = servers_[i].data + ".log";
    servers_[i].port = free_port();
  }
  initialise(primary());
  start(primary());
  wait_for_primary();
  query(std::string{"CREATE ROLE "} + user + " LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE");
  query(std::string{"CREATE DATABASE "} + name + " OWNER " + user + " ENCODING 'UTF8'");
  make_standby();
}

void Database::wait_for_primary() {
  const auto end = monotonic_ms() + patience_ms;
  while (!primary_serves() && monotonic_ms() < end) pause_ms(serving_look_ms);
}

void Database::make_standby() {
  begin_copy();
  const auto end = monotonic_ms() + patience_ms;
  while (state_ != Standby::in_sync && monotonic_ms() < end) {
    tend();
    pause_ms(serving_look_ms);
  }
  if (state_ != Standby::in_sync)
    throw std::runtime_error("the standby did not follow within a minute: " +
                             end_of(standby().log));
}

Command Database::tool(const std::string& program, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), binaries_ + "/" + program);
  return {.words = std::move(arguments), .log = folder_ + "/tools.log", .as_server_user = true};
}

// fsync off: it is processes that die here, not the machine, and what a process has written stays.
void Database::initialise(Server& server) {
  run_to_end(tool("initdb", {"-D", server.data, "-U", admin, "-A", "trust", "-E", "UTF8",
                             "--locale=C", "--no-sync", "--no-instructions"}),
             patience_ms);
  std::ofstream settings{server.data + "/postgresql.conf", std::ios::app};
  settings << "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
           << "fsync = off\nmax_connections = 200\nshared_buffers = 64MB\nmax_wal_senders = 8\n"
           << "wal_keep_size = 512MB\nhot_standby = on\nlog_min_messages = warning\n"
           << "wal_receiver_timeout = 5s\nwal_retrieve_retry_interval = 500ms\n"
           << "wal_sender_timeout = 5s\narchive_mode = on\n"
           << "archive_command = 'cp %p " << folder_ << "/archive/%f'\n";
}

void Database::start(Server& server) {
  auto command = tool("postgres", {"-D", server.data, "-p", std::to_string(server.port)});
  command.log = server.log;
  server.process = Process{command};
}

std::string Database::admin_url() const {
  return std::string{"postgresql://"} + admin +
         "@127.0.0.1:" + std::to_string(servers_[primary_].port) + "/" + name +
         "?connect_timeout=3";
}

bool Database::answers(const Server& server) const {
  Process ready{
      tool("pg_isready", {"-q", "-h", "127.0.0.1", "-p", std::to_string(server.port), "-t", "1"})};
  return ready.wait(2'000) == 0;
}

bool Database::primary_serves() {
  return primary().process.running() && answers(primary());
}

void Database::kill_primary() {
  wanted_ = false;
  primary().process.kill_hard();
}

// Right after a kill the dead server's memory may still be in use for a moment: tend() tries again.
void Database::start_primary() {
  wanted_ = true;
  if (!primary().process.running()) start(primary());
}

void Database::begin_copy() {
  auto& server = standby();
  server.process.kill_hard();
  fs::remove_all(server.data);
  copy_ = Process{
      tool("pg_basebackup", {"-h", "127.0.0.1", "-p", std::to_string(primary().port), "-U", admin,
                             "-D", server.data, "-X", "stream", "-c", "fast", "--no-sync"})};
  state_ = Standby::copying;
}

// What ALTER SYSTEM said to the primary is not for its copy.
void Database::finish_copy() {
  const auto& server = standby();
  std::ofstream{server.data + "/postgresql.auto.conf", std::ios::trunc}
      << "primary_conninfo = 'host=127.0.0.1 port=" << primary().port << " user=" << admin
      << " application_name=standby connect_timeout=2'\n";
  make_signal(server, "standby.signal");
}

void Database::require_standby(bool required) {
  query(std::string{"ALTER SYSTEM SET synchronous_standby_names = '"} +
        (required ? "standby" : "") + "'");
  query("SELECT pg_reload_conf()");
}

void Database::tend() {
  if (!wanted_) return;
  if (!primary().process.running()) return start(primary());
  switch (state_) {
    case Standby::copying:
      if (copy_.running()) return;
      if (copy_.wait(0) != 0) return begin_copy();
      finish_copy();
      start(standby());
      state_ = Standby::starting;
      return;
    case Standby::starting:
      if (!standby().process.running()) start(standby());
      if (ask("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", true) != "1")
        return;
      require_standby(true);
      state_ = Standby::catching_up;
      return;
    case Standby::catching_up:
      if (can_fail_over()) state_ = Standby::in_sync;
      return;
    case Standby::in_sync:
      return;
  }
}

// A commit that was cut short by a crash of the primary shows after its restart, replicated or not;
// so a standby must have been seen level with the primary since then.
bool Database::can_fail_over() {
  if (state_ != Standby::in_sync && state_ != Standby::catching_up) return false;
  return ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync' AND "
             "flush_lsn >= pg_current_wal_flush_lsn()",
             true) == "1";
}

void Database::fail_over() {
  primary().process.kill_hard();
  auto& next = standby();
  const auto url = std::string{"postgresql://"} + admin +
                   "@127.0.0.1:" + std::to_string(next.port) + "/postgres?connect_timeout=3";
  run_to_end(tool("psql", {"-XqAt", "-c", "SELECT pg_promote(true, 30)", url}), patience_ms);
  primary_ = 1 - primary_;
  begin_copy();
}

void Database::back_up() {
  run_to_end(
      tool("pg_basebackup", {"-h", "127.0.0.1", "-p", std::to_string(primary().port), "-U", admin,
                             "-D", folder_ + "/backup", "-X", "none", "-c", "fast", "--no-sync"}),
      patience_ms);
}

void Database::name_moment(const std::string& moment) {
  query("SELECT pg_create_restore_point('" + moment + "')");
  pause_ms(after_moment_ms);  // what is committed now is lost by the restore
  const auto last = query("SELECT pg_walfile_name(pg_switch_wal())");
  const auto end = monotonic_ms() + patience_ms;
  while (!fs::exists(folder_ + "/archive/" + last) && monotonic_ms() < end)
    pause_ms(serving_look_ms);
}

void Database::restore_to(const std::string& moment) {
  for (auto& server : servers_) {
    server.process.kill_hard();
    fs::remove_all(server.data);
  }
  auto& server = primary();
  run_to_end(
      {.words = {"/bin/cp", "-a", folder_ + "/backup", server.data}, .log = folder_ + "/tools.log"},
      patience_ms);
  std::ofstream{server.data + "/postgresql.auto.conf", std::ios::trunc}
      << "restore_command = 'cp " << folder_ << "/archive/%f %p'\n"
      << "recovery_target_name = '" << moment << "'\nrecovery_target_action = 'promote'\n";
  make_signal(server, "recovery.signal");
  start(server);
  wait_for_primary();
  const auto end = monotonic_ms() + patience_ms;
  while (ask("SELECT pg_is_in_recovery()", true) != "f" && monotonic_ms() < end)
    pause_ms(serving_look_ms);
  make_standby();
}

// An empty file that tells a server what it is when it starts.
void Database::make_signal(const Server& server, const std::string& name) {
  const auto file = server.data + "/" + name;
  std::ofstream{file}.flush();
  if (::geteuid() == 0)
    run_to_end({.words = {"/bin/chown", admin, file}, .log = folder_ + "/tools.log"}, tool_ms);
}

std::string Database::ask(const std::string& sql, bool quietly) {
  const auto out = folder_ + "/answer";
  fs::remove(out);
  auto url = admin_url();
  if (sql.starts_with("CREATE ROLE") || sql.starts_with("CREATE DATABASE"))
    url.replace(url.rfind('/'), std::string::npos, "/postgres");
  auto command = tool("psql", {"-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, url});
  command.log = out;
  Process psql{command};
  const int code = psql.wait(tool_ms);
  std::ifstream file{out};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (code == 0) return text;
  if (quietly) return "";
  throw std::runtime_error("psql: " + sql.substr(0, 200) + ": " + text);
}

std::string Database::query(const std::string& sql) {
  return ask(sql, false);
}

void Database::script(const std::string& file) {
  auto command = tool("psql", {"-XqAt", "-v", "ON_ERROR_STOP=1", "-f", file, admin_url()});
  command.as_server_user = false;  // who may not read files below /root
  run_to_end(command, tool_ms);
}

}  // namespace sequent::chaos
