#pragma once
// How the codec writes members (straight into text) and reads them (from parsed JSON). Members that
// hold their default are left out; unknown members are passed over.
#include <charconv>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "engine/machine/record.hpp"

namespace sequent::machine {

class FieldWriter {
 public:
  explicit FieldWriter(std::string& out) : out_(out) { out_ += '{'; }
  void end() { out_ += '}'; }

  template <class Number>
  requires std::is_integral_v<Number>
  void number(std::string_view name, Number value, Number absent = 0) {
    if (value == absent) return;
    key(name);
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_.append(digits, end);
  }
  void flag(std::string_view name, bool value) {
    if (!value) return;
    key(name);
    out_ += "true";
  }
  void text(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    key(name);
    out_ += dump_json(Json(value));
  }
  /// For text without characters that JSON escapes (names, ids, digests).
  void plain(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    key(name);
    out_ += '"';
    out_ += value;
    out_ += '"';
  }
  void json(std::string_view name, const Json& value) {
    key(name);
    out_ += dump_json(value);
  }
  void value(std::string_view name, const Value& value) {
    if (value) json(name, *value);
  }

 private:
  void key(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }
  std::string& out_;
};

class FieldReader {
 public:
  explicit FieldReader(Json& object) : object_(object) {}

  template <class Number>
  [[nodiscard]] Number number(const char* name, Number absent = 0) const {
    const auto found = object_.find(name);
    return found == object_.end() ? absent : found->template get<Number>();
  }
  [[nodiscard]] bool flag(const char* name) const {
    const auto found = object_.find(name);
    return found != object_.end() && found->get<bool>();
  }
  [[nodiscard]] std::string text(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() ? std::string{} : found->get<std::string>();
  }
  [[nodiscard]] Value value(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : make_value(std::move(*found));
  }
  [[nodiscard]] Json json(const char* name, Json absent = nullptr) const {
    const auto found = object_.find(name);
    return found == object_.end() ? std::move(absent) : std::move(*found);
  }
  [[nodiscard]] bool has(const char* name) const { return object_.contains(name); }
  [[nodiscard]] Json& member(const char* name) const { return object_.at(name); }

 private:
  Json& object_;
};

// Shared by records and states.
[[nodiscard]] Json failure_to_json(const Failure& failure);
[[nodiscard]] Failure failure_from_json(Json& json);
[[nodiscard]] Json child_to_json(const ChildState& child);
[[nodiscard]] ChildState child_from_json(Json& json);
[[nodiscard]] Json subscriptions_to_json(const std::vector<Subscription>& subscriptions);
[[nodiscard]] std::vector<Subscription> subscriptions_from_json(Json& json);
[[nodiscard]] std::string id_text(const InstanceId& id);  // "" for the zero id
[[nodiscard]] InstanceId id_from_text(const std::string& text);
[[nodiscard]] Phase phase_from(const std::string& name);
[[nodiscard]] ParkReason park_reason_from(const std::string& name);

}  // namespace sequent::machine
