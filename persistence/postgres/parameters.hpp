#pragma once
// Parameters of PostgreSQL statements in its binary format: nothing to quote and nothing to parse.
// Arrays carry the columns of many rows, so that a batch of any size is one statement.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/ids.hpp"

namespace sequent::persistence::postgres {

enum class Type : unsigned {
  integer = 20,  // bigint
  text = 25,
  id = 2950,        // uuid
  integers = 1016,  // bigint[]
  texts = 1009,
  ids = 2951,
};

/// Text as the server takes it: valid UTF-8 without zero bytes. What is neither becomes U+FFFD, a
/// zero U+2400: PostgreSQL cannot hold them, and a run must not fail for ever because of one.
[[nodiscard]] bool is_storable(std::string_view text);
[[nodiscard]] std::string storable(std::string_view text);

/// Appends in network order.
void append_big_endian(std::string& to, std::uint64_t value, int bytes);

/// One column of many rows.
template <Type array, Type element>
class Column {
 public:
  void add(std::int64_t value) requires(element == Type::integer) {
    append_big_endian(bytes_, 8, 4);
    append_big_endian(bytes_, static_cast<std::uint64_t>(value), 8);
    ++count_;
  }
  void add(const std::optional<std::int64_t>& value) requires(element == Type::integer) {
    if (value) return add(*value);
    add_null();
  }
  void add(std::string_view value) requires(element == Type::text) {
    if (!is_storable(value)) return add_storable(storable(value));
    add_storable(value);
  }
  void add(const InstanceId& value) requires(element == Type::id) { add_storable(value.raw()); }
  void add(const std::optional<InstanceId>& value) requires(element == Type::id) {
    if (value) return add(*value);
    add_null();
  }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  static constexpr Type array_type = array;
  [[nodiscard]] std::string encoded() const {
    std::string out;
    out.reserve(20 + bytes_.size());
    append_big_endian(out, count_ == 0 ? 0 : 1, 4);  // dimensions
    append_big_endian(out, has_null_ ? 1 : 0, 4);
    append_big_endian(out, static_cast<unsigned>(element), 4);
    if (count_ == 0) return out;
    append_big_endian(out, count_, 4);
    append_big_endian(out, 1, 4);  // the first index
    out += bytes_;
    return out;
  }

 private:
  void add_storable(std::string_view value) {
    append_big_endian(bytes_, value.size(), 4);
    bytes_ += value;
    ++count_;
  }
  void add_null() {
    append_big_endian(bytes_, UINT64_MAX, 4);
    has_null_ = true;
    ++count_;
  }
  std::string bytes_;
  std::size_t count_ = 0;
  bool has_null_ = false;
};

using Integers = Column<Type::integers, Type::integer>;
using Texts = Column<Type::texts, Type::text>;
using Ids = Column<Type::ids, Type::id>;

/// The values of one statement, encoded, in order.
class Parameters {
 public:
  template <class... Values>
  explicit Parameters(const Values&... values) {
    reserve(sizeof...(values));
    (add(values), ...);
  }
  void reserve(std::size_t count);

  template <class Value>
  void add(const Value& value) {
    if constexpr (std::is_integral_v<Value>) {
      std::string bytes;
      append_big_endian(bytes, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)), 8);
      push(Type::integer, std::move(bytes));
    } else if constexpr (std::is_same_v<Value, InstanceId>) {
      push(Type::id, std::string{value.raw()});
    } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
      const std::string_view text = value;
      push(Type::text, is_storable(text) ? std::string{text} : storable(text));
    } else if constexpr (requires { Value::array_type; }) {
      push(Value::array_type, value.encoded());
    } else {
      using Held = typename Value::value_type;  // of an optional
      if (value) return add(*value);
      constexpr Type type = std::is_integral_v<Held>           ? Type::integer
                            : std::is_same_v<Held, InstanceId> ? Type::id
                                                               : Type::text;
      push_null(type);
    }
  }

  [[nodiscard]] int count() const { return static_cast<int>(types_.size()); }
  [[nodiscard]] const unsigned* types() const { return types_.data(); }
  [[nodiscard]] std::vector<const char*> pointers() const;
  [[nodiscard]] std::vector<int> lengths() const;

 private:
  void push(Type type, std::string bytes);
  void push_null(Type type);

  std::vector<unsigned> types_;
  std::vector<std::optional<std::string>> values_;
};

}  // namespace sequent::persistence::postgres
