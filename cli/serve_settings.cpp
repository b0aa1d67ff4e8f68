#include "cli/serve_settings.hpp"

#include "cli/housekeeping.hpp"

namespace sequent::cli {

Result<std::shared_ptr<Config>> serve_settings(const Session& session,
                                               const ServeOptions& options) {
  const auto file =
      !options.config.empty() ? options.config : session.environment("SEQUENT_CONFIG").value_or("");
  auto config = load_config(file, session.environment);
  if (!config) return config;
  const auto put = [](const std::string& option, std::string& into) {
    if (!option.empty()) into = option;
  };
  put(options.data, (*config)->data);
  put(options.store, (*config)->store);
  put(options.listen, (*config)->listen);
  put(options.workflows, (*config)->workflows);
  put(options.retention, (*config)->retention);
  if (const auto& kept = (*config)->retention; !kept.empty() && !parse_retention(kept))
    return fail(ErrorCode::invalid_request,
                "Expected retention to be a time such as 30d, 12h or P30D, got \"" +
                    kept.substr(0, 80) + "\".");
  (*config)->http.drain_timeout_ms = (*config)->drain_seconds * 1'000;
  return config;
}

Result<void> check_store(const Config& config) {
  if (config.store.empty()) return {};
  const auto scheme = config.store.substr(0, config.store.find("://"));
  if (scheme == "postgresql" || scheme == "postgres") return {};
  return fail(ErrorCode::invalid_request,
              "Expected --store to be postgresql://…, got something else. SQLite needs no --store: "
              "use --data DIR.");
}

}  // namespace sequent::cli
