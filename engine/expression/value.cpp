#include "engine/expression/value.hpp"

#include <cmath>
#include <limits>

namespace sequent::expression {
namespace {

std::unexpected<Error> too_deep() {
  return fail(ErrorCode::expression, "a value is nested deeper than " +
                                         std::to_string(max_value_depth) + " levels; flatten it");
}

jv string_to_jv(const std::string& text) {
  return jv_string_sized(text.data(), static_cast<int>(text.size()));  // replaces bad UTF-8
}

// `deep` is set, and the rest left out, when the value is nested too deeply.
jv convert(const Json& value, int depth, bool& deep) {
  if (depth > max_value_depth) {
    deep = true;
    return jv_null();
  }
  switch (value.type()) {
    case Json::value_t::null:
    case Json::value_t::discarded:
    case Json::value_t::binary:
      return jv_null();
    case Json::value_t::boolean:
      return jv_bool(value.get<bool>() ? 1 : 0);
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return jv_number(value.get<double>());
    case Json::value_t::string:
      return string_to_jv(value.get_ref<const std::string&>());
    case Json::value_t::array: {
      jv array = jv_array_sized(static_cast<int>(value.size()) + 1);
      for (const auto& element : value)
        array = jv_array_append(array, convert(element, depth + 1, deep));
      return array;
    }
    case Json::value_t::object: {
      jv object = jv_object();
      for (const auto& [key, member] : value.items())
        object = jv_object_set(object, string_to_jv(key), convert(member, depth + 1, deep));
      return object;
    }
  }
  return jv_null();
}

class Reader {
 public:
  explicit Reader(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  Result<Json> read(jv value, int depth) {
    if (depth > max_value_depth) return too_deep();
    switch (jv_get_kind(value)) {
      case JV_KIND_INVALID:
      case JV_KIND_NULL:
        return spend(4, Json(nullptr));
      case JV_KIND_FALSE:
        return spend(5, Json(false));
      case JV_KIND_TRUE:
        return spend(4, Json(true));
      case JV_KIND_NUMBER:
        return spend(1, from_number(jv_number_value(value)));
      case JV_KIND_STRING:
        return read_string(value);
      case JV_KIND_ARRAY:
        return read_array(value, depth);
      case JV_KIND_OBJECT:
        return read_object(value, depth);
    }
    return Json(nullptr);
  }

 private:
  Result<Json> spend(std::size_t bytes, Json value) {
    spent_ += bytes;
    if (spent_ > max_bytes_)
      return fail(ErrorCode::expression, "the result is larger than " + std::to_string(max_bytes_) +
                                             " bytes; select less");
    return value;
  }

  Result<Json> read_string(jv value) {
    const auto size = static_cast<std::size_t>(jv_string_length_bytes(jv_copy(value)));
    if (auto room = spend(size + 2, nullptr); !room) return room;
    return Json(std::string(jv_string_value(value), size));
  }

  Result<Json> read_array(jv value, int depth) {
    if (auto room = spend(2, nullptr); !room) return room;
    Json array = Json::array();
    const int size = jv_array_length(jv_copy(value));
    for (int i = 0; i < size; ++i) {
      jv element = jv_array_get(jv_copy(value), i);
      auto read_element = read(element, depth + 1);
      jv_free(element);
      if (!read_element) return read_element;
      ++spent_;
      array.push_back(std::move(*read_element));
    }
    return array;
  }

  Result<Json> read_object(jv value, int depth) {
    if (auto room = spend(2, nullptr); !room) return room;
    Json object = Json::object();
    for (int i = jv_object_iter(value); jv_object_iter_valid(value, i);
         i = jv_object_iter_next(value, i)) {
      jv key = jv_object_iter_key(value, i);
      jv member = jv_object_iter_value(value, i);
      std::string name(jv_string_value(key),
                       static_cast<std::size_t>(jv_string_length_bytes(jv_copy(key))));
      auto read_member = read(member, depth + 1);
      jv_free(key);
      jv_free(member);
      if (!read_member) return read_member;
      spent_ += name.size() + 4;
      object.emplace(std::move(name), std::move(*read_member));
    }
    return object;
  }

  std::size_t max_bytes_;
  std::size_t spent_ = 0;
};

}  // namespace

Result<jv> to_jv(const Json& value) {
  bool deep = false;
  jv converted = convert(value, 0, deep);
  if (!deep) return converted;
  jv_free(converted);
  return too_deep();
}

Result<Json> from_jv(jv value, std::size_t max_bytes) {
  return Reader(max_bytes).read(value, 0);
}

Json from_number(double number) {
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (std::isnan(number)) return nullptr;
  if (std::isinf(number)) return std::copysign(std::numeric_limits<double>::max(), number);
  if (number == std::trunc(number) && std::fabs(number) <= exact)
    return static_cast<std::int64_t>(number);
  return number;
}

bool is_utf8(std::string_view text) {
  jv copy = jv_string_sized(text.data(), static_cast<int>(text.size()));
  const bool same =
      text == std::string_view(jv_string_value(copy),
                               static_cast<std::size_t>(jv_string_length_bytes(jv_copy(copy))));
  jv_free(copy);
  return same;
}

}  // namespace sequent::expression
