// `watch [RUN]`: a line whenever something happens, until the run ends or Ctrl-C.
#include <algorithm>

#include "cli/client.hpp"
#include "cli/commands.hpp"
#include "cli/run_text.hpp"

namespace sequent::cli {
namespace {

bool has_ended(const std::string& status) {
  return status == "completed" || status == "faulted" || status == "cancelled";
}

void print_notice(const Session& session, const Json& notice, bool one_run) {
  const Terminal& terminal = session.terminal;
  const auto status = text_of(notice, "status");
  std::string padded = printable(status);
  padded.resize(std::max<std::size_t>(padded.size(), 10), ' ');
  std::string line = terminal.paint(Style::dim, time_text(notice.value("at", Json()))) + "  ";
  if (!one_run) {
    line += printable(text_of(notice, "id")) + "  " + printable(text_of(notice, "workflow")) + "  ";
  }
  line += terminal.paint(style_of_status(status), padded);
  const auto task = text_of(notice, "task");
  if (!task.empty()) line += "  " + printable(task);
  const auto waiting = text_of(notice, "waitingKind");
  if (!waiting.empty()) line += "  (" + printable(waiting) + ")";
  terminal.out(line);
}

}  // namespace

int run_watch(const Session& session, const std::string& run) {
  const bool one_run = !run.empty();
  const auto take = [&](const std::string& name, const Json& data) {
    if (session.json) {
      session.terminal.json_line(Json{{"event", name}, {"data", data}});
    } else if (name == "run") {
      print_notice(session, data, one_run);
    } else {
      session.terminal.error(printable(name + ": " + text_of(data, "detail")));
    }
    return !(one_run && name == "run" && has_ended(text_of(data, "status")));
  };
  const auto heard = listen(session, one_run ? run_path(run, "/watch") : "/api/v1/watch", take);
  if (!heard) return report(session, heard.error());
  return done;
}

}  // namespace sequent::cli
