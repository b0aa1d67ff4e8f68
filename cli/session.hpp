#pragma once
// What every command works with: built by main, passed down.
#include <string>

#include "base/error.hpp"
#include "cli/environment.hpp"
#include "cli/terminal.hpp"
#include "engine/runtime/clock.hpp"

namespace sequent::cli {

constexpr std::string_view program_version = SEQUENT_VERSION;  // of the CMake project

/// Exit codes of every command.
constexpr int done = 0;
constexpr int failed = 1;
constexpr int wrong_use = 2;

struct Session {
  const Environment& environment;
  const Terminal& terminal;
  runtime::Clock& clock;
  bool json = false;
  std::string server;  // --server; empty = SEQUENT_SERVER, else the default
};

/// Prints an error with its findings, one line each as "file:line:column: error: …". Returns `failed`.
int report(const Session& session, const Error& error);
/// "file:line:column: error: message; hint (at pointer)", and of a warning its "[rule]".
[[nodiscard]] std::string finding_line(const Finding& finding, std::string_view kind = "error");
/// A finding as the API and `--json` spell it.
[[nodiscard]] Json finding_json(const Finding& finding);

}  // namespace sequent::cli
