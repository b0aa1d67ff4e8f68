#include "sandbox/stripe/params.hpp"

#include <algorithm>
#include <charconv>

#include "sandbox/form.hpp"

namespace sequent::sandbox::stripe {
namespace {

std::string named(const std::string& within, const std::string& name) {
  return within.empty() ? name : within + "[" + name + "]";
}

std::unexpected<ApiError> not_a(const std::string& what, const std::string& param,
                                const Json& value, const std::string& code = "") {
  const auto shown = value.is_string() ? value.get<std::string>() : dump_json(value);
  return bad_parameter(code, param, "Invalid " + what + ": " + shown);
}

std::size_t code_points(const std::string& value) {
  return static_cast<std::size_t>(std::count_if(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

Answer<Json> check_text(const Param& param, const std::string& value, const std::string& name) {
  const auto length = code_points(value);
  if (length > param.max_length)
    return bad_parameter("", name,
                         "Invalid string: " + name + " must be at most " +
                             std::to_string(param.max_length) + " characters, got " +
                             std::to_string(length));
  return Json(value);
}

Answer<Json> check_integer(const Param& param, const std::string& value, const std::string& name) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size())
    return not_a("integer", name, value, "parameter_invalid_integer");
  if (number < param.min)
    return bad_parameter(
        "parameter_invalid_integer", name,
        "This value must be greater than or equal to " + std::to_string(param.min) + ".");
  if (number > param.max)
    return bad_parameter(
        "parameter_invalid_integer", name,
        "This value must be less than or equal to " + std::to_string(param.max) + ".");
  return Json(number);
}

Answer<Json> check_decimal(const std::string& value, const std::string& name) {
  const auto dot = value.find('.');
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const bool good = dot == std::string::npos
                        ? digits(value)
                        : digits(value.substr(0, dot)) && digits(value.substr(dot + 1)) &&
                              value.size() - dot - 1 <= 12;
  if (!good) return not_a("decimal", name, value, "parameter_invalid_decimal");
  return Json(value);
}

Answer<Json> check_one_of(const Param& param, const std::string& value, const std::string& name) {
  if (std::find(param.values.begin(), param.values.end(), value) != param.values.end())
    return Json(value);
  std::string choices;
  for (const auto& choice : param.values) choices += (choices.empty() ? "" : ", ") + choice;
  return bad_parameter("", name, "Invalid " + name + ": must be one of " + choices);
}

Answer<Json> check_metadata(const Json& value, const std::string& name) {
  if (!value.is_object()) return not_a("object", name, value);
  if (value.size() > 50)
    return bad_parameter("", name,
                         "You can only set 50 metadata keys, got " + std::to_string(value.size()));
  for (const auto& [key, entry] : value.items()) {
    if (!entry.is_string()) return not_a("string", named(name, key), entry);
    if (code_points(key) > 40)
      return bad_parameter(
          "", named(name, key),
          "Metadata keys can have up to 40 characters, got " + std::to_string(code_points(key)));
    if (code_points(entry.get_ref<const std::string&>()) > 500)
      return bad_parameter("", named(name, key),
                           "Metadata values can have up to 500 characters, got " +
                               std::to_string(code_points(entry.get_ref<const std::string&>())));
  }
  return value;
}

Answer<Json> check_list(const Param& param, const Json& value, const std::string& name) {
  const auto members = numbered_members(value);
  if (!members) return not_a("array", name, value);
  if (static_cast<std::int64_t>(members->size()) > param.max)
    return bad_parameter(
        "", name,
        "Array " + name + " exceeded maximum " + std::to_string(param.max) + " allowed elements.");
  Json items = Json::array();
  for (std::size_t i = 0; i < members->size(); ++i) {
    const auto item_name = named(name, std::to_string(i));
    const Json& member = (*members)[i];
    if (param.type == ParamType::texts) {
      if (!member.is_string()) return not_a("string", item_name, member);
      items.push_back(member);
      continue;
    }
    if (!member.is_object()) return not_a("object", item_name, member);
    auto item = check_params(param.members, member, item_name);
    if (!item) return item;
    items.push_back(std::move(*item));
  }
  return items;
}

Answer<Json> check_scalar(const Param& param, const Json& value, const std::string& name) {
  if (!value.is_string())
    return not_a(param.type == ParamType::integer ? "integer" : "string", name, value);
  const auto& given = value.get_ref<const std::string&>();
  if (param.type == ParamType::integer) return check_integer(param, given, name);
  if (param.type == ParamType::decimal) return check_decimal(given, name);
  if (param.type == ParamType::one_of) return check_one_of(param, given, name);
  if (param.type == ParamType::boolean) {
    if (given != "true" && given != "false") return not_a("boolean", name, value);
    return Json(given == "true");
  }
  return check_text(param, given, name);
}

Answer<Json> check_value(const Param& param, const Json& value, const std::string& name) {
  switch (param.type) {
    case ParamType::anything:
      return with_arrays(value);
    case ParamType::metadata:
      return check_metadata(value, name);
    case ParamType::list:
    case ParamType::texts:
      return check_list(param, value, name);
    case ParamType::range:
      if (value.is_string()) return check_integer(param, value.get<std::string>(), name);
      return check_params({integer("gt"), integer("gte"), integer("lt"), integer("lte")}, value,
                          name);
    case ParamType::group:
      if (!value.is_object()) return not_a("object", name, value);
      return check_params(param.members, value, name);
    case ParamType::text:
    case ParamType::integer:
    case ParamType::decimal:
    case ParamType::boolean:
    case ParamType::one_of:
      return check_scalar(param, value, name);
  }
  return Json();
}

}  // namespace

Param text(std::string name, std::size_t max_length) {
  Param param{.name = std::move(name)};
  param.max_length = max_length;
  return param;
}
Param integer(std::string name, std::int64_t min, std::int64_t max) {
  return {.name = std::move(name), .type = ParamType::integer, .min = min, .max = max};
}
Param decimal(std::string name) {
  return {.name = std::move(name), .type = ParamType::decimal};
}
Param boolean(std::string name) {
  return {.name = std::move(name), .type = ParamType::boolean};
}
Param one_of(std::string name, std::vector<std::string> values) {
  return {.name = std::move(name), .type = ParamType::one_of, .values = std::move(values)};
}
Param group(std::string name, Params members) {
  return {.name = std::move(name), .type = ParamType::group, .members = std::move(members)};
}
Param list(std::string name, Params members, std::int64_t max_items) {
  return {.name = std::move(name),
          .type = ParamType::list,
          .max = max_items,
          .members = std::move(members)};
}
Param texts(std::string name, std::int64_t max_items) {
  return {.name = std::move(name), .type = ParamType::texts, .max = max_items};
}
Param metadata(std::string name) {
  return {.name = std::move(name), .type = ParamType::metadata};
}
Param range(std::string name) {
  return {.name = std::move(name), .type = ParamType::range};
}
Param anything(std::string name) {
  return {.name = std::move(name), .type = ParamType::anything};
}
Param required(Param param) {
  param.required = true;
  return param;
}

Params list_params(Params filters) {
  return joined(std::move(filters), {integer("limit", 1, 100), text("starting_after"),
                                     text("ending_before"), range("created"), texts("expand")});
}

Params joined(Params one, Params other) {
  for (auto& param : other) one.push_back(std::move(param));
  return one;
}

Answer<Json> check_params(const Params& expected, const Json& form, const std::string& within) {
  if (!form.is_object()) return not_a("object", within, form);
  for (const auto& entry : form.items()) {
    const bool known = std::any_of(expected.begin(), expected.end(),
                                   [&](const Param& param) { return param.name == entry.key(); });
    if (!known)
      return bad_parameter("parameter_unknown", named(within, entry.key()),
                           "Received unknown parameter: " + named(within, entry.key()));
  }
  Json typed = Json::object();
  for (const auto& param : expected) {
    const auto name = named(within, param.name);
    const auto found = form.find(param.name);
    if (found == form.end()) {
      if (param.required)
        return bad_parameter("parameter_missing", name, "Missing required param: " + name + ".");
      continue;
    }
    if (found->is_string() && found->get_ref<const std::string&>().empty()) {
      if (param.required)
        return bad_parameter(
            "parameter_invalid_empty", name,
            "You passed an empty string for '" + name + "': it is required and cannot be unset.");
      typed[param.name] = nullptr;
      continue;
    }
    auto value = check_value(param, *found, name);
    if (!value) return value;
    typed[param.name] = std::move(*value);
  }
  return typed;
}

}  // namespace sequent::sandbox::stripe
