// The composition root: builds what commands need and hands it down.
#include <exception>

#include "cli/arguments.hpp"
#include "engine/runtime/system_clock.hpp"

int main(int count, char** arguments) {
  using namespace sequent;
  const cli::Environment environment = cli::process_environment();
  const cli::Terminal terminal{environment};
  runtime::SystemClock clock;
  cli::Session session{environment, terminal, clock};
  try {
    return cli::run_command_line(count, arguments, session);
  } catch (const std::exception& failure) {
    // Our side is broken: the disk, the store, memory.
    terminal.error("error: " + cli::printable(failure.what()));
    return cli::failed;
  }
}
