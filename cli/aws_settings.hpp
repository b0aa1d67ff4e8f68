#pragma once
// providers.aws: where AWS is, and where its credentials come from.
#include "activities/providers.hpp"
#include "cli/config_section.hpp"

namespace sequent::cli {

/// shape   {region, baseUrl, timeoutMs, notifications {queueUrl, visibilitySeconds, waitSeconds}} and
///         one source of credentials: accessKeyId, secretAccessKey and sessionToken; or profile with
///         credentialsFile; or containerCredentialsUrl with containerAuthorizationToken
/// errors  reported: unknown keys, wrong types, two sources, a source that can't be read now
void read_aws(const Value& value, Reading& reading, activities::AwsConfig& config);

/// SEQUENT_AWS_BASE_URL, _REGION and _QUEUE_URL, which go over the file; and credentials, where the
/// file names none, from AWS's own variables: AWS_ACCESS_KEY_ID …, AWS_PROFILE,
/// AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI …
void read_aws_variables(const Environment& environment, activities::AwsConfig& config);

/// The keys of one profile in a shared credentials file, as AWS's own tools write it.
/// errors  not_found: no such file, profile or key in it
[[nodiscard]] Result<activities::AwsCredentials> read_aws_profile(const std::string& path,
                                                                  const std::string& profile);

}  // namespace sequent::cli
