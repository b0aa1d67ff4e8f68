// `sandbox`: stand-ins of the providers on this machine, to try workflows without them.
#include <boost/asio.hpp>
#include <csignal>
#include <fstream>

#include "cli/commands.hpp"
#include "sandbox/sandbox.hpp"

namespace sequent::cli {
namespace {

namespace asio = boost::asio;

Result<void> write_file(const std::string& path, const std::string& text) {
  std::ofstream out{path, std::ios::binary | std::ios::trunc};
  out << text;
  out.close();
  if (out) return {};
  return fail(ErrorCode::invalid_request, "Cannot write the configuration to " + path +
                                              ": check the folder and its permissions.");
}

Result<void> announce(const Session& session, const SandboxCommand& options,
                      const sandbox::Sandbox& started) {
  if (!options.config_out.empty())
    if (auto written = write_file(options.config_out, started.configuration()); !written)
      return written;
  if (session.json) {
    session.terminal.json_line(Json{{"stripe", started.stripe_url()},
                                    {"auth", started.auth_url()},
                                    {"aws", started.aws_url()},
                                    {"flexprice", started.flexprice_url()},
                                    {"langfuse", started.langfuse_url()},
                                    {"configuration", started.configuration()}});
    return {};
  }
  std::string text = started.configuration();
  while (text.ends_with('\n')) text.pop_back();
  session.terminal.out(text);
  return {};
}

}  // namespace

int run_sandbox(const Session& session, const SandboxCommand& options) {
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context io;
  asio::signal_set signals{io, SIGINT, SIGTERM};
  sandbox::SandboxOptions wanted;
  wanted.host = options.host;
  wanted.stripe_port = options.stripe_port;
  wanted.auth_port = options.auth_port;
  wanted.aws_port = options.aws_port;
  wanted.flexprice_port = options.flexprice_port;
  wanted.langfuse_port = options.langfuse_port;
  wanted.price_everything = options.price_everything;
  wanted.webhook_url = options.webhook_url;
  wanted.seed = options.seed;
  auto& clock = session.clock;
  auto started = sandbox::Sandbox::start(
      io.get_executor(), [&clock] { return clock.now(); }, wanted);
  if (!started) return report(session, started.error());
  if (const auto said = announce(session, options, *started); !said)
    return report(session, said.error());
  signals.async_wait([&](boost::system::error_code, int) {
    asio::co_spawn(io, started->stop(), [&io](std::exception_ptr) { io.stop(); });
  });
  io.run();
  return done;
}

}  // namespace sequent::cli
