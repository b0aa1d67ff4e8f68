#include "activities/stripe/form.hpp"

#include "base/assert.hpp"
#include "net/http_message.hpp"

namespace sequent::activities::stripe {

namespace {

std::string scalar_text(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

void append(std::string& form, const std::string& name, const Json& value) {
  if (value.is_object()) {
    for (const auto& [key, element] : value.items())
      append(form, name + "[" + net::percent_encode(key) + "]", element);
    return;
  }
  if (value.is_array()) {
    for (std::size_t index = 0; index < value.size(); ++index)
      append(form, name + "[" + std::to_string(index) + "]", value[index]);
    return;
  }
  if (!form.empty()) form += '&';
  form += name + "=" + net::percent_encode(scalar_text(value));
}

}  // namespace

std::string encode_form(const Json& parameters) {
  SEQUENT_ASSERT(parameters.is_object() || parameters.is_null());
  std::string form;
  for (const auto& [key, value] : parameters.items()) append(form, net::percent_encode(key), value);
  return form;
}

}  // namespace sequent::activities::stripe
