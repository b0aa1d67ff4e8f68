// `doctor`: what would keep `serve` from working, before it does.
#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/serve_settings.hpp"

namespace sequent::cli {
namespace {

Cell verdict_cell(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return {"ok", Style::good};
    case Verdict::warning:
      return {"warning", Style::warning};
    case Verdict::bad:
      return {"failed", Style::bad};
  }
  return {"failed", Style::bad};
}

int print_checks(const Session& session, const std::vector<Check>& checks) {
  bool good = true;
  Json all = Json::array();
  Table table{{"CHECK", "VERDICT", "DETAIL"}};
  for (const auto& check : checks) {
    good = good && check.verdict != Verdict::bad;
    const Cell verdict = verdict_cell(check.verdict);
    all.push_back({{"check", check.name}, {"verdict", verdict.text}, {"detail", check.detail}});
    table.add({{check.name, Style::plain}, verdict, {check.detail, Style::plain}});
  }
  if (session.json) {
    session.terminal.json(all);
  } else {
    table.print(session.terminal);
  }
  return good ? done : failed;
}

Check check_config(const Result<std::shared_ptr<Config>>& config) {
  if (!config) return {"configuration", Verdict::bad, config.error().detail};
  if ((*config)->file.empty())
    return {"configuration", Verdict::good, "no file: defaults and SEQUENT_ variables"};
  return {"configuration", Verdict::good, (*config)->file};
}

}  // namespace

int run_doctor(const Session& session, const DoctorCommand& command) {
  const auto config = serve_settings(session, command.node);
  std::vector<Check> checks{check_config(config)};
  if (!config) {
    report(session, config.error());
    return print_checks(session, checks);
  }
  if (command.journals) return print_checks(session, check_journals(**config));
  if (const auto store = check_store(**config); store) {
    if ((*config)->store.empty()) {
      checks.push_back(check_data((*config)->data));
      checks.push_back(check_disk((*config)->data));
    } else {
      checks.push_back(check_database((*config)->store));
    }
  } else {
    checks.push_back({"store", Verdict::bad, store.error().detail});
  }
  checks.push_back(check_clock(session.clock));
  checks.push_back(check_port(session, (*config)->listen));
  for (auto& check : check_providers(**config)) checks.push_back(std::move(check));
  for (auto& check : check_sinks(**config)) checks.push_back(std::move(check));
  return print_checks(session, checks);
}

}  // namespace sequent::cli
