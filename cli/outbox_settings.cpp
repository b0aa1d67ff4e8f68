#include "cli/outbox_settings.hpp"

#include <algorithm>

namespace sequent::cli {
namespace {

using outbox::ContentMode;
using outbox::HttpSettings;
using outbox::RedisSettings;
using outbox::SinkSettings;

constexpr const char* no_credentials_here =
    "an address without a user, a query or a fragment; credentials belong in `token`";

// Addresses stand in logs and metrics.
bool is_plain_url(const std::string& url) {
  const bool web = url.starts_with("http://") || url.starts_with("https://");
  const auto rest = web ? url.substr(url.find("://") + 3) : std::string();
  return !rest.empty() && rest.find_first_of("@?# \t\r\n") == std::string::npos;
}

HttpSettings read_http_sink(const Value& value, Reading& reading) {
  const Section section{value, reading, {"url", "mode", "token", "timeoutMs"}};
  HttpSettings http;
  section.text("url", http.url);
  if (!is_plain_url(http.url))
    reading.report.at_value(value.pointer, std::string("expected `url`: ") + no_credentials_here);
  std::string mode = "structured";
  section.one_of("mode", {"structured", "binary"}, mode);
  if (mode == "binary") http.mode = ContentMode::binary;
  section.whole("timeoutMs", 100, 600'000, http.timeout_ms);
  read_credential(section, "token", reading, http.token);
  return http;
}

RedisSettings read_redis_sink(const Value& value, Reading& reading) {
  const Section section{value, reading, {"url", "password", "stream", "maxLength", "timeoutMs"}};
  RedisSettings redis;
  std::string url;
  section.text("url", url);
  if (const auto read = outbox::read_redis_address(url, redis); !read)
    reading.report.at_value(value.pointer, "`url`: " + read.error().detail);
  section.text("stream", redis.stream);
  section.whole("maxLength", 1, 1'000'000'000'000, redis.max_length);
  section.whole("timeoutMs", 100, 600'000, redis.timeout_ms);
  read_credential(section, "password", reading, redis.password);
  return redis;
}

void read_types(const Value& value, Reading& reading, std::vector<std::string>& into) {
  if (!value.json->is_array() || value.json->empty())
    return reading.report.mistyped(value, "a list of prefixes of event types");
  for (std::size_t i = 0; i < value.json->size(); ++i) {
    const auto item = value.item(i);
    if (item.json->is_string() && !item.json->get_ref<const std::string&>().empty())
      into.push_back(item.json->get<std::string>());
    else
      reading.report.mistyped(item, "a prefix of event types, such as com.example.invoice.");
  }
}

SinkSettings& sink_named(const std::string& name, std::vector<SinkSettings>& sinks) {
  const auto found = std::find_if(sinks.begin(), sinks.end(),
                                  [&name](const SinkSettings& sink) { return sink.name == name; });
  if (found != sinks.end()) return *found;
  sinks.push_back({});
  sinks.back().name = name;
  return sinks.back();
}

template <class Target>
Target& target_of(const std::string& name, std::vector<SinkSettings>& sinks) {
  auto& sink = sink_named(name, sinks);
  if (!std::holds_alternative<Target>(sink.target)) sink.target = Target{};
  return std::get<Target>(sink.target);
}

outbox::CredentialSource secret_in(const char* variable, const Environment& environment) {
  return source_of(Credential{Credential::Source::env, variable, environment});
}

}  // namespace

void read_outbox(const Value& value, Reading& reading, std::vector<SinkSettings>& sinks) {
  if (!value.json->is_object())
    return reading.report.mistyped(value, "a mapping of names to sinks");
  for (const auto& [name, json] : value.json->items()) {
    const auto member = value.member(name);
    if (!is_plain_name(name))
      reading.report.at_key(member.pointer,
                            "expected a name of up to 64 of a-z, 0-9, - and _ for a sink");
    const Section section{member, reading, {"http", "redis", "types", "startAt"}};
    SinkSettings sink;
    sink.name = name;
    const auto http = section.find("http");
    const auto redis = section.find("redis");
    if (http.has_value() == redis.has_value())
      reading.report.at_value(member.pointer, "expected either `http` or `redis` in a sink");
    if (http) sink.target = read_http_sink(*http, reading);
    if (redis) sink.target = read_redis_sink(*redis, reading);
    if (const auto types = section.find("types")) read_types(*types, reading, sink.types);
    std::string start = "oldest";
    section.one_of("startAt", {"oldest", "newest"}, start);
    sink.from_now = start == "newest";
    sinks.push_back(std::move(sink));
  }
}

Result<void> read_outbox_variables(const Environment& environment,
                                   std::vector<SinkSettings>& sinks) {
  if (const auto url = environment("SEQUENT_OUTBOX_HTTP_URL")) {
    if (!is_plain_url(*url))
      return fail(ErrorCode::invalid_request, "Expected SEQUENT_OUTBOX_HTTP_URL to be " +
                                                  std::string(no_credentials_here) + ".");
    auto& http = target_of<HttpSettings>("http", sinks);
    http.url = *url;
    if (const auto mode = environment("SEQUENT_OUTBOX_HTTP_MODE")) {
      if (*mode != "structured" && *mode != "binary")
        return fail(
            ErrorCode::invalid_request,
            "Expected SEQUENT_OUTBOX_HTTP_MODE to be structured or binary, got `" + *mode + "`.");
      http.mode = *mode == "binary" ? ContentMode::binary : ContentMode::structured;
    }
    if (environment("SEQUENT_OUTBOX_HTTP_TOKEN"))
      http.token = secret_in("SEQUENT_OUTBOX_HTTP_TOKEN", environment);
  }
  if (const auto url = environment("SEQUENT_OUTBOX_REDIS_URL")) {
    auto& redis = target_of<RedisSettings>("redis", sinks);
    if (const auto read = outbox::read_redis_address(*url, redis); !read)
      return fail(ErrorCode::invalid_request,
                  "SEQUENT_OUTBOX_REDIS_URL: " + read.error().detail + ".");
    if (const auto stream = environment("SEQUENT_OUTBOX_REDIS_STREAM")) redis.stream = *stream;
    if (environment("SEQUENT_OUTBOX_REDIS_PASSWORD"))
      redis.password = secret_in("SEQUENT_OUTBOX_REDIS_PASSWORD", environment);
  }
  return {};
}

}  // namespace sequent::cli
