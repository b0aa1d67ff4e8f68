#include "tests/support/pgbouncer.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace sequent::test {
namespace {

namespace fs = std::filesystem;
constexpr const char* program = "/usr/sbin/pgbouncer";

}  // namespace

bool PgBouncer::installed() {
  return fs::exists(program);
}

PgBouncer::PgBouncer(const PostgresServer& server, int sessions) : port_(free_port()) {
  folder_ = (fs::temp_directory_path() / "sequent-pgbouncer-XXXXXX").string();
  if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("no temporary folder");
  fs::permissions(folder_, fs::perms::all);  // it runs as another user
  std::ofstream settings{folder_ + "/pgbouncer.ini"};
  settings << "[databases]\n* = host=127.0.0.1 port=" << server.port() << "\n"
           << "[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_ << "\n"
           << "unix_socket_dir =\nauth_type = trust\nauth_file = " << folder_ << "/users\n"
           << "pool_mode = transaction\ndefault_pool_size = " << sessions << "\n";
  settings.close();
  std::ofstream{folder_ + "/users"} << "\"postgres\" \"\"\n";
  pid_ = start_unprivileged({program, folder_ + "/pgbouncer.ini"}, folder_ + "/log");
}

PgBouncer::~PgBouncer() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string PgBouncer::url() const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/postgres";
}

std::string PgBouncer::log() const {
  std::ifstream file{folder_ + "/log"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::size_t PgBouncer::clients_so_far() const {
  const auto text = log();
  std::size_t count = 0;
  for (auto at = text.find("login attempt"); at != std::string::npos;
       at = text.find("login attempt", at + 1))
    ++count;
  return count;
}

}  // namespace sequent::test
