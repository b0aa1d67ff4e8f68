#pragma once
// Where a secret comes from: written down, from the environment, or from a file.
#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "cli/environment.hpp"

namespace sequent::cli {

/// shape  {value: text} | {env: NAME} | {file: PATH}, or any other object: the secret itself
class Credential {
 public:
  enum class Source { value, env, file };
  Credential(Source source, std::string text, Environment environment)
      : source_(source), text_(std::move(text)), environment_(std::move(environment)) {}

  /// Reads it now: a file may have been rotated. Line ends at its end are not part of it.
  /// errors  not_found: the variable is not set, the file is not there; invalid_request: it is empty
  [[nodiscard]] Result<std::string> read() const;

 private:
  Source source_;
  std::string text_;
  Environment environment_;
};

/// Reads the credential whenever it is asked for; nothing when it can't be read then.
[[nodiscard]] std::function<std::optional<std::string>()> source_of(Credential credential);

/// The variable that overrides the secret `name`: SEQUENT_SECRET_ and the name in capitals, every
/// other character an underscore.
[[nodiscard]] std::string secret_variable(const std::string& name);

/// A secret's text as workflows see it: an object when it is one as JSON, else the text.
[[nodiscard]] Json secret_value(const std::string& text);

}  // namespace sequent::cli
