#pragma once
// The names of warnings. They are stable, because documents accept warnings by them
// (`metadata.accept`) and programs read them; docs/validate.md says what each one means.
#include <string>
#include <string_view>
#include <vector>

namespace sequent::definition::lint {

inline constexpr std::string_view text_not_expression = "text-not-expression";
inline constexpr std::string_view endless_retry = "endless-retry";
inline constexpr std::string_view listen_without_timeout = "listen-without-timeout";
inline constexpr std::string_view secret_in_data = "secret-in-data";
// strict ones
inline constexpr std::string_view unprotected_effect = "unprotected-effect";
inline constexpr std::string_view retry_outlives_key = "retry-outlives-key";
inline constexpr std::string_view charge_without_compensation = "charge-without-compensation";
inline constexpr std::string_view compensation_in_course = "compensation-in-ordinary-course";
inline constexpr std::string_view amount_in_floating_point = "amount-in-floating-point";
inline constexpr std::string_view needless_acceptance = "needless-acceptance";

/// Every name that `metadata.accept` may have.
[[nodiscard]] std::vector<std::string> rule_names();

}  // namespace sequent::definition::lint
