#pragma once
// Answers of AWS's JSON services.
#include <expected>
#include <string>

#include "base/json.hpp"

namespace sequent::sandbox::aws {

struct AwsError {
  std::string code;  // "ThrottlingException"
  std::string message;
  int status = 400;
};

template <class T>
using Answer = std::expected<T, AwsError>;

[[nodiscard]] inline std::unexpected<AwsError> refuse(std::string code, std::string message,
                                                      int status = 400) {
  return std::unexpected(AwsError{std::move(code), std::move(message), status});
}

}  // namespace sequent::sandbox::aws
