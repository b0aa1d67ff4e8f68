#pragma once
// One mapping of the configuration file: members asked for by name, unknown ones refused.
#include <limits>
#include <string>
#include <vector>

#include "cli/credential.hpp"
#include "engine/definition/report.hpp"

namespace sequent::cli {

using definition::Report;
using definition::Value;

/// What reading a file needs everywhere.
struct Reading {
  Report& report;
  const Environment& environment;
  std::string folder;  // of the file: what relative paths in it are relative to
};

class Section {
 public:
  /// Reports every member that is not in `known`, with what was probably meant. A value that is no
  /// mapping is reported and read as an empty one; null is an empty one.
  Section(const Value& value, Reading& reading, std::vector<std::string> known);

  /// The member, when it is there and not null.
  [[nodiscard]] std::optional<Value> find(const std::string& name) const;
  void text(const std::string& name, std::string& into) const;
  void one_of(const std::string& name, const std::vector<std::string>& words,
              std::string& into) const;
  void flag(const std::string& name, bool& into) const;
  /// An http or https address; a trailing slash is taken off.
  void url(const std::string& name, std::string& into) const;
  template <class Number>
  void whole(const std::string& name, std::int64_t least, std::int64_t most, Number& into) const {
    if (const auto value = number(name, least, most)) into = static_cast<Number>(*value);
  }

 private:
  [[nodiscard]] std::optional<std::int64_t> number(const std::string& name, std::int64_t least,
                                                   std::int64_t most) const;
  Value value_;
  Reading& reading_;
  bool usable_ = false;
};

/// {value} | {env} | {file}; reported when it is something else or can't be read now.
[[nodiscard]] std::optional<Credential> credential_from(const Value& value, Reading& reading);
/// The same for a member, read whenever it is asked for.
void read_credential(const Section& section, const std::string& name, Reading& reading,
                     std::function<std::optional<std::string>()>& into);
/// A list of credentials.
void read_credentials(const Section& section, const std::string& name, Reading& reading,
                      std::vector<Credential>& into);
/// 1 to 64 of a-z, 0-9, - and _: what may stand in a path, a label, a log.
[[nodiscard]] bool is_plain_name(const std::string& name);
/// True for a mapping that names a source.
[[nodiscard]] bool names_source(const Json& json);

}  // namespace sequent::cli
