// `serve`: the engine, its HTTP API and what they need, in one process.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>

#include "cli/commands.hpp"
#include "cli/node.hpp"
#include "cli/serve_settings.hpp"

namespace sequent::cli {
namespace {

// The log goes to standard error; standard output says one line when the node serves.
void set_up_log(const Session& session, const std::string& level) {
  auto logger = session.terminal.colours_errors() ? spdlog::stderr_color_mt("sequent")
                                                  : spdlog::stderr_logger_mt("sequent");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

// Each connection is a descriptor, and the usual soft limit of 1,024 is there for programs that use
// select(), which this one does not.
void allow_many_connections(const Config& config) {
  constexpr rlim_t besides = 256;  // the store, the log, event loops
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) != 0) return;
  const auto wanted = static_cast<rlim_t>(config.outbound.max_connections) + besides;
  if (files.rlim_cur >= wanted) return;
  spdlog::warn(
      "this process may open {} files, and outbound.maxConnections alone is {}: raise `ulimit -Hn` "
      "or lower that setting, or calls fail to connect when that many are in flight",
      files.rlim_cur, config.outbound.max_connections);
}

void say_serving(const Session& session, const Serving& serving) {
  if (session.json) {
    session.terminal.json_line(Json{{"version", program_version},
                                    {"url", serving.url},
                                    {"data", serving.data},
                                    {"workflows", serving.workflows},
                                    {"runsRecovered", serving.runs}});
    return;
  }
  session.terminal.out("sequent " + std::string(program_version) + " listening on " + serving.url +
                       ", data in " + serving.data + ", " + std::to_string(serving.workflows) +
                       " workflows, " + std::to_string(serving.runs) + " runs recovered");
}

// The time alone; a signal ends the process meanwhile, as nothing has begun.
void pause(DurationMs ms) {
  boost::asio::io_context io;
  boost::asio::steady_timer timer{io, std::chrono::milliseconds(ms)};
  timer.wait();
}

/// From opening the store to the end of service.
/// errors  unavailable with retry_after_seconds: the store is away, perhaps not for long
Result<void> serve_once(const Session& session, const std::shared_ptr<Config>& config) {
  bool began = false;
  try {
    auto node = Node::open(config, session.clock);
    if (!node) return std::unexpected(std::move(node.error()));
    return (*node)->run([&](const Serving& serving) {
      began = true;
      say_serving(session, serving);
    });
  } catch (const runtime::StoreFailure& failure) {
    if (began || config->store.empty()) throw;
    return std::unexpected(
        Error{.code = ErrorCode::unavailable, .detail = failure.what(), .retry_after_seconds = 1});
  }
}

// Databases and nodes start together, and a database fails over while a node starts.
Result<void> serve_when_there_is_a_store(const Session& session,
                                         const std::shared_ptr<Config>& config) {
  const Timestamp end = session.clock.now() + config->store_wait_seconds * 1'000LL;
  for (bool said = false;; said = true) {
    auto served = serve_once(session, config);
    if (served || served.error().retry_after_seconds == 0) return served;
    if (session.clock.now() >= end) return served;
    if (!said)
      spdlog::warn("{} Trying again for {} s.", served.error().detail, config->store_wait_seconds);
    pause(served.error().retry_after_seconds * 1'000LL);
  }
}

}  // namespace

int run_serve(const Session& session, const ServeOptions& options) {
  auto config = serve_settings(session, options);
  if (!config) return report(session, config.error());
  if (const auto store = check_store(**config); !store) {
    report(session, store.error());
    return wrong_use;
  }
  if (const auto address = net::parse_listen_address((*config)->listen); !address) {
    report(session, address.error());
    return wrong_use;
  }
  set_up_log(session, (*config)->log_level);
  // A peer that leaves, or a file that reaches `ulimit -f`, is an error of its write, not the end of
  // the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  allow_many_connections(**config);
  const auto served = serve_when_there_is_a_store(session, *config);
  if (!served) return report(session, served.error());
  return done;
}

}  // namespace sequent::cli
