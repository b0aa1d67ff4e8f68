#pragma once
// Which parameters a call takes, and the check of a decoded form against them.
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "sandbox/stripe/errors.hpp"

namespace sequent::sandbox::stripe {

enum class ParamType : std::uint8_t {
  text,
  integer,
  decimal,  // a number in text
  boolean,
  one_of,
  group,     // named members
  list,      // numbered groups
  texts,     // numbered texts
  metadata,  // any names, limits of their own
  range,     // an integer, or a group of gt, gte, lt, lte
  anything,  // taken, not modelled
};

struct Param {
  std::string name;
  ParamType type = ParamType::text;
  bool required = false;
  std::size_t max_length = 5000;
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string> values;  // one_of
  std::vector<Param> members;       // group, list
};

using Params = std::vector<Param>;

[[nodiscard]] Param text(std::string name, std::size_t max_length = 5000);
[[nodiscard]] Param integer(std::string name,
                            std::int64_t min = std::numeric_limits<std::int64_t>::min(),
                            std::int64_t max = std::numeric_limits<std::int64_t>::max());
[[nodiscard]] Param decimal(std::string name);
[[nodiscard]] Param boolean(std::string name);
[[nodiscard]] Param one_of(std::string name, std::vector<std::string> values);
[[nodiscard]] Param group(std::string name, Params members);
[[nodiscard]] Param list(std::string name, Params members, std::int64_t max_items = 100);
[[nodiscard]] Param texts(std::string name, std::int64_t max_items = 100);
[[nodiscard]] Param metadata(std::string name = "metadata");
[[nodiscard]] Param range(std::string name);
[[nodiscard]] Param anything(std::string name);
[[nodiscard]] Param required(Param param);
/// limit, starting_after, ending_before, created, expand and what else the list filters by.
[[nodiscard]] Params list_params(Params filters);
/// Members of both, for calls that share most of their parameters.
[[nodiscard]] Params joined(Params one, Params other);

/// The form's values with their types: integers, booleans, lists. `key=` (unset) becomes null.
/// errors  parameter_unknown, parameter_missing, parameter_invalid_*; `param` in bracket notation
[[nodiscard]] Answer<Json> check_params(const Params& expected, const Json& form,
                                        const std::string& within = "");

}  // namespace sequent::sandbox::stripe
