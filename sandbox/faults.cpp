#include "sandbox/faults.hpp"

#include <algorithm>
#include <array>

namespace sequent::sandbox {
namespace {

constexpr std::array<std::pair<FaultKind, std::string_view>, 14> kind_names{{
    {FaultKind::latency, "latency"},
    {FaultKind::rate_limit, "rate-limit"},
    {FaultKind::server_error, "server-error"},
    {FaultKind::reset_before_effect, "reset-before-effect"},
    {FaultKind::reset_after_effect, "reset-after-effect"},
    {FaultKind::hang, "hang"},
    {FaultKind::outage, "outage"},
    {FaultKind::html, "html"},
    {FaultKind::huge, "huge"},
    {FaultKind::webhook_duplicate, "webhook-duplicate"},
    {FaultKind::webhook_reorder, "webhook-reorder"},
    {FaultKind::webhook_delay, "webhook-delay"},
    {FaultKind::webhook_wrong_signature, "webhook-wrong-signature"},
    {FaultKind::webhook_old_timestamp, "webhook-old-timestamp"},
}};

std::string_view name_of(FaultKind kind) {
  for (const auto& [candidate, name] : kind_names)
    if (candidate == kind) return name;
  return "?";
}

std::string kind_list() {
  std::string text;
  for (const auto& entry : kind_names)
    text += (text.empty() ? "" : ", ") + std::string(entry.second);
  return text;
}

bool is_webhook(FaultKind kind) {
  return kind >= FaultKind::webhook_duplicate;
}

std::unexpected<Error> wrong(const std::string& member, const std::string& expected,
                             const Json& value) {
  return fail(ErrorCode::invalid_request, "fault member \"" + member + "\": expected " + expected +
                                              ", got " + dump_json(value));
}

Result<void> read_text(Fault& fault, const std::string& member, const Json& value) {
  if (!value.is_string()) return wrong(member, "text", value);
  const auto text = value.get<std::string>();
  if (member == "kind") {
    const auto* found = std::find_if(kind_names.begin(), kind_names.end(),
                                     [&](const auto& entry) { return entry.second == text; });
    if (found == kind_names.end()) return wrong(member, "one of " + kind_list(), value);
    fault.kind = found->first;
  } else if (member == "method") {
    fault.method = text;
  } else if (member == "path") {
    fault.path = text;
  } else if (member == "event") {
    fault.event = text;
  } else {
    fault.code = text;
  }
  return {};
}

Result<void> read_flag(Fault& fault, const std::string& member, const Json& value) {
  if (!value.is_boolean()) return wrong(member, "true or false", value);
  const bool flag = value.get<bool>();
  if (member == "shouldRetry") fault.should_retry = flag;
  if (member == "stored") fault.stored = flag;
  if (member == "effect") fault.effect = flag;
  if (member == "refuse") fault.refuse = flag;
  return {};
}

Result<void> read_number(Fault& fault, const std::string& member, const Json& value,
                         Timestamp now) {
  if (member == "probability") {
    if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > 1)
      return wrong(member, "a number from 0 to 1", value);
    fault.probability = value.get<double>();
    return {};
  }
  if (member == "seconds") {
    if (!value.is_number() || value.get<double>() <= 0 || value.get<double>() > 1e9)
      return wrong(member, "a positive number of seconds", value);
    fault.until = now + static_cast<DurationMs>(value.get<double>() * 1000);
    return {};
  }
  const std::int64_t max = member == "bytes" ? std::int64_t{1} << 31 : 1'000'000'000;
  if (!value.is_number_integer() || value.get<double>() < 0 ||
      value.get<double>() > static_cast<double>(max))
    return wrong(member, "an integer from 0 to " + std::to_string(max), value);
  const auto number = value.get<std::int64_t>();
  if (member == "times") fault.times = number;
  if (member == "ms") fault.ms = number;
  if (member == "perSecond") fault.per_second = number;
  if (member == "retryAfter") fault.retry_after = static_cast<int>(number);
  if (member == "bytes") fault.bytes = static_cast<std::size_t>(number);
  if (member == "status") {
    if (number < 400 || number > 599) return wrong(member, "a status from 400 to 599", value);
    fault.status = static_cast<int>(number);
  }
  if (member == "copies") {
    if (number < 2 || number > 100) return wrong(member, "an integer from 2 to 100", value);
    fault.copies = static_cast<int>(number);
  }
  return {};
}

Result<void> read_member(Fault& fault, const std::string& member, const Json& value,
                         Timestamp now) {
  const auto among = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), member) != names.end();
  };
  if (among({"kind", "method", "path", "event", "code"})) return read_text(fault, member, value);
  if (among({"shouldRetry", "stored", "effect", "refuse"})) return read_flag(fault, member, value);
  if (among({"times", "seconds", "probability", "perSecond", "ms", "status", "retryAfter", "bytes",
             "copies"}))
    return read_number(fault, member, value, now);
  return fail(ErrorCode::invalid_request,
              "unknown fault member \"" + member +
                  "\": expected kind, method, path, event, times, seconds, probability, perSecond, "
                  "ms, status, "
                  "retryAfter, shouldRetry, code, stored, effect, refuse, bytes or copies");
}

Result<Fault> read_fault(const Json& description, Timestamp now) {
  if (!description.is_object())
    return fail(ErrorCode::invalid_request,
                "expected a fault object like {\"kind\": \"latency\", \"ms\": 500}, got " +
                    dump_json(description));
  if (!description.contains("kind"))
    return fail(ErrorCode::invalid_request,
                "fault member \"kind\" is missing: expected one of " + kind_list());
  Fault fault;
  for (const auto& [member, value] : description.items()) {
    const auto read = read_member(fault, member, value, now);
    if (!read) return std::unexpected(read.error());
  }
  if (fault.kind == FaultKind::huge && fault.bytes == 0) fault.bytes = 100'000'000;
  if (fault.kind == FaultKind::server_error && fault.status == 0) fault.status = 500;
  if (fault.kind == FaultKind::html && fault.status == 0) fault.status = 502;
  if (fault.kind == FaultKind::rate_limit && fault.code.empty()) fault.code = "rate_limit";
  return fault;
}

}  // namespace

Json Fault::to_json() const {
  Json json{{"id", id}, {"kind", name_of(kind)}, {"used", used}, {"probability", probability}};
  if (!method.empty()) json["method"] = method;
  if (!path.empty()) json["path"] = path;
  if (!event.empty()) json["event"] = event;
  if (times) json["timesLeft"] = *times - used;
  if (until) json["until"] = format_time(*until);
  if (ms > 0) json["ms"] = ms;
  if (per_second > 0) json["perSecond"] = per_second;
  if (status != 0) json["status"] = status;
  return json;
}

Result<Json> FaultPlan::add(const Json& description, Timestamp now) {
  const Json all = description.is_array() ? description : Json::array({description});
  std::vector<Fault> read;
  for (const auto& one : all) {
    auto fault = read_fault(one, now);
    if (!fault) return std::unexpected(fault.error());
    read.push_back(std::move(*fault));
  }
  Json added = Json::array();
  for (auto& fault : read) {
    fault.id = ++last_id_;
    added.push_back(fault.to_json());
    faults_.push_back(std::move(fault));
  }
  return added;
}

std::size_t FaultPlan::remove(std::uint64_t id) {
  return std::erase_if(faults_, [&](const Fault& fault) { return id == 0 || fault.id == id; });
}

Json FaultPlan::list() const {
  Json all = Json::array();
  for (const auto& fault : faults_) all.push_back(fault.to_json());
  return all;
}

bool FaultPlan::hits(Fault& fault, Timestamp now) {
  if (fault.times && fault.used >= *fault.times) return false;
  if (fault.until && now >= *fault.until) return false;
  if (fault.per_second > 0) {
    const std::int64_t second = now / 1'000;
    if (second != fault.second) fault.spared = 0;
    fault.second = second;
    if (++fault.spared <= fault.per_second) return false;
  }
  if (fault.probability < 1 && random_.uniform() >= fault.probability) return false;
  ++fault.used;
  return true;
}

std::vector<Fault> FaultPlan::take_for_call(std::string_view method, std::string_view path,
                                            Timestamp now) {
  std::vector<Fault> taken;
  bool other_taken = false;
  for (auto& fault : faults_) {
    if (is_webhook(fault.kind)) continue;
    if (!fault.method.empty() && fault.method != method) continue;
    if (!glob_matches(fault.path, path)) continue;
    const bool latency = fault.kind == FaultKind::latency;
    if (!latency && other_taken) continue;
    if (!hits(fault, now)) continue;
    other_taken = other_taken || !latency;
    taken.push_back(fault);
  }
  return taken;
}

std::vector<Fault> FaultPlan::take_for_webhook(std::string_view type, Timestamp now) {
  std::vector<Fault> taken;
  for (auto& fault : faults_) {
    if (!is_webhook(fault.kind) || !glob_matches(fault.event, type)) continue;
    if (hits(fault, now)) taken.push_back(fault);
  }
  return taken;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return true;
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace sequent::sandbox
