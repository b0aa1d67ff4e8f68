// `serve`: the engine, its HTTP API and what they need, in one process.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>

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
  auto node = Node::open(*config, session.clock);
  if (!node) return report(session, node.error());
  const auto served =
      (*node)->run([&session](const Serving& serving) { say_serving(session, serving); });
  if (!served) return report(session, served.error());
  return done;
}

}  // namespace sequent::cli
