#include "cli/config_section.hpp"

#include <algorithm>
#include <filesystem>

namespace sequent::cli {

Section::Section(const Value& value, Reading& reading, std::vector<std::string> known)
    : value_(value), reading_(reading) {
  if (value.json->is_null()) return;
  usable_ = value.json->is_object();
  if (!usable_) {
    reading.report.mistyped(value, "a mapping");
    return;
  }
  for (const auto& [name, member] : value.json->items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    reading.report.at_key(value.member(name).pointer, "unknown setting `" + name + "`",
                          definition::suggestion(name, known));
  }
}

std::optional<Value> Section::find(const std::string& name) const {
  if (!usable_ || !value_.json->contains(name)) return std::nullopt;
  Value member = value_.member(name);
  if (member.json->is_null()) return std::nullopt;
  return member;
}

void Section::text(const std::string& name, std::string& into) const {
  const auto value = find(name);
  if (!value) return;
  if (!value->json->is_string() || value->json->get_ref<const std::string&>().empty())
    return reading_.report.mistyped(*value, "text");
  into = value->json->get<std::string>();
}

void Section::one_of(const std::string& name, const std::vector<std::string>& words,
                     std::string& into) const {
  std::string word;
  text(name, word);
  if (word.empty()) return;
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    std::string expected;
    for (const auto& each : words) expected += (expected.empty() ? "" : ", ") + each;
    return reading_.report.mistyped(*find(name), "one of " + expected);
  }
  into = word;
}

void Section::flag(const std::string& name, bool& into) const {
  const auto value = find(name);
  if (!value) return;
  if (!value->json->is_boolean()) return reading_.report.mistyped(*value, "true or false");
  into = value->json->get<bool>();
}

void Section::url(const std::string& name, std::string& into) const {
  std::string address;
  text(name, address);
  if (address.empty()) return;
  const bool web = address.starts_with("http://") || address.starts_with("https://");
  if (!web || address.find("://") + 3 >= address.size() ||
      address.find_first_of(" \t\r\n?#") != std::string::npos)
    return reading_.report.mistyped(*find(name), "an address such as https://api.example.com");
  while (address.ends_with('/')) address.pop_back();
  into = address;
}

std::optional<std::int64_t> Section::number(const std::string& name, std::int64_t least,
                                            std::int64_t most) const {
  const auto value = find(name);
  if (!value) return std::nullopt;
  const auto range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  const bool whole = value->json->is_number_integer();
  const bool huge = value->json->is_number_unsigned() &&
                    value->json->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
  if (!whole || huge || value->json->get<std::int64_t>() < least ||
      value->json->get<std::int64_t>() > most) {
    reading_.report.mistyped(*value, range);
    return std::nullopt;
  }
  return value->json->get<std::int64_t>();
}

bool names_source(const Json& json) {
  return json.is_object() && json.size() == 1 &&
         (json.contains("value") || json.contains("env") || json.contains("file"));
}

std::optional<Credential> credential_from(const Value& value, Reading& reading) {
  const Json& json = *value.json;
  if (!names_source(json)) {
    reading.report.at_value(value.pointer,
                            "expected a credential: {value: …}, {env: NAME} or {file: PATH}",
                            "credentials are never printed, so what came is not shown here");
    return std::nullopt;
  }
  const std::string kind = json.begin().key();
  const Value text = value.member(kind);
  if (!text.json->is_string() || text.json->get_ref<const std::string&>().empty()) {
    reading.report.at_value(text.pointer, "expected `" + kind + "` to be text",
                            kind == "value" ? "put numbers in quotes" : "");
    return std::nullopt;
  }
  auto words = text.json->get<std::string>();
  auto source = Credential::Source::value;
  if (kind == "env") source = Credential::Source::env;
  if (kind == "file") {
    source = Credential::Source::file;
    words = (std::filesystem::path(reading.folder) / words).string();
  }
  Credential credential{source, words, reading.environment};
  if (const auto now = credential.read(); !now) {
    reading.report.at_value(text.pointer, "this credential can't be read: " + now.error().detail);
    return std::nullopt;
  }
  return credential;
}

void read_credential(const Section& section, const std::string& name, Reading& reading,
                     std::function<std::optional<std::string>()>& into) {
  if (const auto value = section.find(name))
    if (auto credential = credential_from(*value, reading))
      into = source_of(*std::move(credential));
}

void read_credentials(const Section& section, const std::string& name, Reading& reading,
                      std::vector<Credential>& into) {
  const auto list = section.find(name);
  if (!list) return;
  if (!list->json->is_array()) return reading.report.mistyped(*list, "a list of credentials");
  for (std::size_t i = 0; i < list->json->size(); ++i)
    if (auto credential = credential_from(list->item(i), reading))
      into.push_back(*std::move(credential));
}

bool is_plain_name(const std::string& name) {
  constexpr std::size_t longest = 64;
  return !name.empty() && name.size() <= longest &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
}

}  // namespace sequent::cli
