#include "api/request.hpp"

#include <algorithm>
#include <charconv>

#include "base/json_pointer.hpp"
#include "engine/definition/report.hpp"

namespace sequent::api {
namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = std::min(text.find(separator), text.size());
    parts.push_back(trim(text.substr(0, end)));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The media ranges of every Accept header; those with q=0 are left out.
std::vector<std::string> accepted(const net::ServerRequest& request) {
  std::vector<std::string> ranges;
  for (const auto& [name, value] : request.headers.all()) {
    if (lower(name) != "accept") continue;
    for (const auto range : split(value, ',')) {
      const auto parts = split(range, ';');
      bool refused = false;
      for (const auto part : parts) {
        const auto parameter = lower(part);
        refused = refused || parameter == "q=0" || parameter.starts_with("q=0.000") ||
                  parameter == "q=0.0" || parameter == "q=0.00";
      }
      if (!refused && !parts.front().empty()) ranges.push_back(lower(parts.front()));
    }
  }
  return ranges;
}

}  // namespace

void Faults::add(std::string pointer, std::string message, std::string hint) {
  constexpr std::size_t most = 50;
  if (findings_.size() >= most) return;
  findings_.push_back(
      {.message = std::move(message), .pointer = std::move(pointer), .hint = std::move(hint)});
}

Error Faults::error(std::string_view what) {
  std::string detail{what};
  detail += findings_.size() == 1 ? ": " + findings_.front().message
                                  : " has " + std::to_string(findings_.size()) +
                                        " mistakes; the first: " + findings_.front().message;
  if (!findings_.front().pointer.empty()) detail += " (at " + findings_.front().pointer + ")";
  detail += ".";
  if (!findings_.front().hint.empty()) detail += " " + findings_.front().hint;
  return {.code = ErrorCode::invalid_request,
          .detail = std::move(detail),
          .findings = std::move(findings_)};
}

std::string described(const Json& value) {
  std::string text = dump_json(value);
  constexpr std::size_t most = 60;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (text.size() > most) text = text.substr(0, most) + "…";
  return std::string(value.type_name()) + (value.is_null() ? "" : " " + text);
}

std::string did_you_mean(std::string_view name, std::span<const std::string> known) {
  const auto best = definition::closest(name, known);
  return best ? "Did you mean `" + *best + "`?" : std::string{};
}

StrictObject::StrictObject(const Json& json, Faults& faults, std::string pointer)
    : json_(json), faults_(faults), pointer_(std::move(pointer)) {
  if (!json_.is_object()) faults_.add(pointer_, "expected an object, got " + described(json_));
}

std::string StrictObject::place(std::string_view name) const {
  return pointer_ + "/" + pointer_segment(name);
}

const Json* StrictObject::get(std::string_view name) {
  known_.emplace_back(name);
  if (!json_.is_object()) return nullptr;
  const auto found = json_.find(name);
  return found == json_.end() ? nullptr : &*found;
}

std::string StrictObject::text(std::string_view name, std::size_t max_length) {
  const Json* value = get(name);
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_string()) {
    faults_.add(place(name), "expected text, got " + described(*value));
    return {};
  }
  auto out = value->get<std::string>();
  if (out.size() > max_length) {
    faults_.add(place(name), "expected at most " + std::to_string(max_length) + " bytes, got " +
                                 std::to_string(out.size()));
    return {};
  }
  return out;
}

std::string StrictObject::reason() {
  const Json* given = get("reason");
  const bool missing = given == nullptr || given->is_null() || *given == "";
  if (missing && json_.is_object())
    faults_.add(place("reason"), "expected why this is done, got nothing",
                "The audit log keeps the reason of every action.");
  return text("reason");
}

std::optional<std::int64_t> StrictObject::whole(std::string_view name, std::int64_t least,
                                                std::int64_t most) {
  const Json* value = get(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() ||
                     value->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
  if (fits && value->get<std::int64_t>() >= least && value->get<std::int64_t>() <= most)
    return value->get<std::int64_t>();
  faults_.add(place(name), "expected a whole number from " + std::to_string(least) + " to " +
                               std::to_string(most) + ", got " + described(*value));
  return std::nullopt;
}

std::optional<Timestamp> StrictObject::time(std::string_view name) {
  const std::string given = text(name);
  if (given.empty()) return std::nullopt;
  const auto at = parse_time(given);
  if (!at)
    faults_.add(place(name), "expected a time such as 2026-11-21T08:15:30Z, got \"" + given + "\"");
  return at;
}

std::optional<InstanceId> StrictObject::id(std::string_view name) {
  const std::string given = text(name);
  if (given.empty()) return std::nullopt;
  const auto id = InstanceId::parse(given);
  if (!id) faults_.add(place(name), "expected the id of a run, got \"" + given + "\"");
  return id;
}

std::vector<std::string> StrictObject::texts(std::string_view name) {
  const Json* value = get(name);
  std::vector<std::string> out;
  if (value == nullptr || value->is_null()) return out;
  const Json list = value->is_array() ? *value : Json::array({*value});
  constexpr std::size_t most = 50;
  for (const Json& each : list) {
    if (each.is_string() && out.size() < most) {
      out.push_back(each.get<std::string>());
      continue;
    }
    faults_.add(place(name), "expected text or a list of at most 50 texts, got " + described(each));
    return {};
  }
  return out;
}

void StrictObject::finish() {
  if (!json_.is_object()) return;
  for (const auto& [name, value] : json_.items()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    faults_.add(place(name), "unknown member `" + name + "`", did_you_mean(name, known_));
  }
}

std::string media_type(const net::ServerRequest& request) {
  return lower(split(request.headers.value("Content-Type"), ';').front());
}

bool is_json_type(std::string_view type) {
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

Result<Json> json_body(const net::ServerRequest& request, int max_depth) {
  // RFC 9110 8.3: without a Content-Type the receiver may look for itself.
  const std::string type = media_type(request);
  if (!type.empty() && !is_json_type(type))
    return fail(ErrorCode::unsupported_media_type,
                "Expected Content-Type: application/json, got " + type + ".");
  return parse_json(request.body, max_depth);
}

bool accepts(const net::ServerRequest& request, std::string_view type) {
  if (request.headers.find("Accept") == nullptr) return true;
  const std::string family = std::string(type.substr(0, type.find('/'))) + "/*";
  for (const auto& range : accepted(request))
    if (range == "*/*" || range == type || range == family) return true;
  return false;
}

bool prefers(const net::ServerRequest& request, std::string_view type) {
  const auto ranges = accepted(request);
  return std::find(ranges.begin(), ranges.end(), type) != ranges.end();
}

Result<Preferences> preferences(const net::ServerRequest& request) {
  Preferences out;
  for (const auto& [name, value] : request.headers.all()) {
    if (lower(name) != "prefer") continue;
    for (const auto preference : split(value, ',')) {
      const auto token = lower(split(preference, ';').front());
      if (token == "return=representation") out.representation = true;
      if (token == "respond-async" && !out.wait_seconds) out.wait_seconds = 0;
      if (token != "wait" && !token.starts_with("wait=")) continue;  // unknown ones are ignored
      std::string_view number = token.size() > 5 ? std::string_view{token}.substr(5) : "";
      if (number.size() >= 2 && number.starts_with('"') && number.ends_with('"'))
        number = number.substr(1, number.size() - 2);
      const auto seconds = whole_number(number);
      if (!seconds || *seconds < 0)
        return fail(
            ErrorCode::invalid_request,
            "Expected `Prefer: wait=N` with a whole number of seconds, got `" + token + "`.");
      out.wait_seconds = static_cast<int>(std::min<std::int64_t>(*seconds, 86'400));
    }
  }
  return out;
}

Result<std::string> idempotency_key(const net::ServerRequest& request) {
  const std::string* value = request.headers.find("Idempotency-Key");
  if (value == nullptr) return std::string{};
  std::string_view key = trim(*value);
  // The draft standard has a quoted string; most clients send the bare text. Both name one key.
  if (key.size() >= 2 && key.starts_with('"') && key.ends_with('"'))
    key = key.substr(1, key.size() - 2);
  constexpr std::size_t most = 255;
  const bool readable = std::all_of(key.begin(), key.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 32 && c != 127;
  });
  if (key.empty() || key.size() > most || !readable)
    return fail(ErrorCode::invalid_request,
                "Expected an Idempotency-Key of 1 to 255 bytes without control characters, got " +
                    std::to_string(key.size()) + " bytes.");
  return std::string{key};
}

std::optional<std::string> query_value(const net::ServerRequest& request, std::string_view name) {
  for (auto& [key, value] : net::parse_query(request.query))
    if (key == name) return std::move(value);
  return std::nullopt;
}

Result<std::int64_t> query_number(const net::ServerRequest& request, std::string_view name,
                                  std::int64_t fallback, std::int64_t least, std::int64_t most) {
  const auto text = query_value(request, name);
  if (!text) return fallback;
  const auto value = whole_number(*text);
  if (value && *value >= least && *value <= most) return *value;
  return fail(ErrorCode::invalid_request, "Expected `" + std::string(name) +
                                              "` to be a whole number from " +
                                              std::to_string(least) + " to " +
                                              std::to_string(most) + ", got \"" + *text + "\".");
}

}  // namespace sequent::api
