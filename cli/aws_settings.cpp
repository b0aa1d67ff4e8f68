#include "cli/aws_settings.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "cli/files.hpp"

namespace sequent::cli {
namespace {

using activities::AwsConfig;
using activities::AwsCredentials;

struct Keys {
  std::optional<Credential> access_key_id, secret_access_key, session_token;
};

// Read anew for each request: what was rotated takes effect without a restart.
void use_keys(Keys keys, AwsConfig& config) {
  config.credentials = [keys = std::move(keys)]() -> std::optional<AwsCredentials> {
    auto id = keys.access_key_id->read();
    auto secret = keys.secret_access_key->read();
    if (!id || !secret) return std::nullopt;
    AwsCredentials credentials{*std::move(id), *std::move(secret), ""};
    if (keys.session_token)
      if (auto token = keys.session_token->read()) credentials.session_token = *std::move(token);
    return credentials;
  };
}

void use_profile(const std::string& path, const std::string& profile, AwsConfig& config) {
  config.credentials = [path, profile]() -> std::optional<AwsCredentials> {
    auto found = read_aws_profile(path, profile);
    if (!found) return std::nullopt;
    return *std::move(found);
  };
}

std::string default_credentials_file(const Environment& environment) {
  if (auto path = environment("AWS_SHARED_CREDENTIALS_FILE")) return *path;
  const auto home = environment("HOME").value_or("");
  return (std::filesystem::path(home) / ".aws" / "credentials").string();
}

std::string trimmed(std::string text) {
  constexpr const char* blanks = " \t\r";
  text.erase(0, text.find_first_not_of(blanks));
  text.erase(text.find_last_not_of(blanks) + 1);
  return text;
}

void read_keys(const Section& section, const Value& value, Reading& reading, AwsConfig& config) {
  Keys keys;
  const auto read = [&](const char* name, std::optional<Credential>& into) {
    if (const auto found = section.find(name)) into = credential_from(*found, reading);
  };
  read("accessKeyId", keys.access_key_id);
  read("secretAccessKey", keys.secret_access_key);
  read("sessionToken", keys.session_token);
  if (!section.find("accessKeyId") || !section.find("secretAccessKey"))
    return reading.report.at_value(value.pointer,
                                   "expected `accessKeyId` and `secretAccessKey` together");
  if (keys.access_key_id && keys.secret_access_key) use_keys(std::move(keys), config);
}

void read_profile(const Section& section, const Value& value, Reading& reading, AwsConfig& config) {
  std::string profile = "default";
  std::string path;
  section.text("profile", profile);
  section.text("credentialsFile", path);
  path = path.empty() ? default_credentials_file(reading.environment)
                      : (std::filesystem::path(reading.folder) / path).string();
  if (const auto now = read_aws_profile(path, profile); !now)
    return reading.report.at_value(value.pointer, "the credentials of the profile `" + profile +
                                                      "` can't be read: " + now.error().detail);
  use_profile(path, profile, config);
}

void read_source(const Section& section, const Value& value, Reading& reading, AwsConfig& config) {
  const bool keys = section.find("accessKeyId") || section.find("secretAccessKey") ||
                    section.find("sessionToken");
  const bool profile = section.find("profile") || section.find("credentialsFile");
  const bool container =
      section.find("containerCredentialsUrl") || section.find("containerAuthorizationToken");
  if (keys + profile + container > 1)
    return reading.report.at_value(
        value.pointer,
        "expected one source of credentials: accessKeyId and secretAccessKey, or a profile, or "
        "containerCredentialsUrl; got several");
  if (keys) read_keys(section, value, reading, config);
  if (profile) read_profile(section, value, reading, config);
  if (!container) return;
  section.url("containerCredentialsUrl", config.container_url);
  if (const auto token = section.find("containerAuthorizationToken"))
    if (auto credential = credential_from(*token, reading))
      config.container_token = source_of(*std::move(credential));
}

bool is_region(const std::string& text) {
  return !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

void read_container_variables(const Environment& environment, AwsConfig& config) {
  if (const auto whole = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    config.container_url = *whole;
  } else if (const auto path = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    config.container_url = "http://169.254.170.2" + *path;  // the fixed address of ECS
  }
  if (config.container_url.empty()) return;
  if (const auto file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    config.container_token = source_of({Credential::Source::file, *file, environment});
  } else if (environment("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
    config.container_token =
        source_of({Credential::Source::env, "AWS_CONTAINER_AUTHORIZATION_TOKEN", environment});
  }
}

}  // namespace

void read_aws(const Value& value, Reading& reading, AwsConfig& config) {
  const Section section{value,
                        reading,
                        {"region", "baseUrl", "timeoutMs", "accessKeyId", "secretAccessKey",
                         "sessionToken", "profile", "credentialsFile", "containerCredentialsUrl",
                         "containerAuthorizationToken", "notifications"}};
  if (const auto region = section.find("region")) {
    config.region.clear();
    section.text("region", config.region);
    if (!is_region(config.region)) reading.report.mistyped(*region, "a region such as us-east-1");
  }
  section.url("baseUrl", config.base_url);
  section.whole("timeoutMs", 100, 600'000, config.timeout_ms);
  read_source(section, value, reading, config);
  if (const auto notifications = section.find("notifications")) {
    const Section fields{*notifications, reading, {"queueUrl", "visibilitySeconds", "waitSeconds"}};
    fields.url("queueUrl", config.notifications.queue_url);
    fields.whole("visibilitySeconds", 1, 43'200, config.notifications.visibility_seconds);
    fields.whole("waitSeconds", 0, 20, config.notifications.wait_seconds);
  }
}

void read_aws_variables(const Environment& environment, AwsConfig& config) {
  if (const auto url = environment("SEQUENT_AWS_BASE_URL")) config.base_url = *url;
  if (const auto queue = environment("SEQUENT_AWS_QUEUE_URL"))
    config.notifications.queue_url = *queue;
  // Not AWS_REGION: SaaS products are metered in us-east-1, wherever the node runs.
  if (const auto region = environment("SEQUENT_AWS_REGION")) config.region = *region;
  if (config.credentials || !config.container_url.empty()) return;
  const auto variable = [&](const char* name) {
    return Credential{Credential::Source::env, name, environment};
  };
  if (environment("AWS_ACCESS_KEY_ID")) {
    Keys keys{variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
              variable("AWS_SESSION_TOKEN")};
    return use_keys(std::move(keys), config);
  }
  if (const auto profile = environment("AWS_PROFILE"))
    return use_profile(default_credentials_file(environment), *profile, config);
  read_container_variables(environment, config);
}

Result<AwsCredentials> read_aws_profile(const std::string& path, const std::string& profile) {
  constexpr std::size_t max_bytes = 1 << 20;
  const auto text = read_file(path, max_bytes);
  if (!text) return std::unexpected(text.error());
  AwsCredentials found;
  bool inside = false, seen = false;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    line = trimmed(line);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      inside = trimmed(line.substr(1, line.find(']') - 1)) == profile;
      seen = seen || inside;
      continue;
    }
    const auto equals = line.find('=');
    if (!inside || equals == std::string::npos) continue;
    const auto name = trimmed(line.substr(0, equals));
    const auto value = trimmed(line.substr(equals + 1));
    if (name == "aws_access_key_id") found.access_key_id = value;
    if (name == "aws_secret_access_key") found.secret_access_key = value;
    if (name == "aws_session_token") found.session_token = value;
  }
  if (!seen) return fail(ErrorCode::not_found, "there is no profile [" + profile + "] in " + path);
  if (found.access_key_id.empty() || found.secret_access_key.empty())
    return fail(ErrorCode::not_found, "the profile [" + profile + "] in " + path +
                                          " has no aws_access_key_id and aws_secret_access_key");
  return found;
}

}  // namespace sequent::cli
