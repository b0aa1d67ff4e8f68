#include "cli/credential.hpp"

#include "cli/files.hpp"

namespace sequent::cli {

Result<std::string> Credential::read() const {
  constexpr std::size_t max_bytes = 64 << 10;
  switch (source_) {
    case Source::value:
      return text_;
    case Source::env: {
      auto value = environment_(text_);
      if (!value)
        return fail(ErrorCode::not_found,
                    "the environment variable " + text_ + " is not set, or empty");
      return *std::move(value);
    }
    case Source::file: {
      auto text = read_file(text_, max_bytes);
      if (!text) return text;
      while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
      if (text->empty()) return fail(ErrorCode::invalid_request, text_ + " is empty");
      return text;
    }
  }
  return text_;
}

std::function<std::optional<std::string>()> source_of(Credential credential) {
  return [credential = std::move(credential)]() -> std::optional<std::string> {
    auto text = credential.read();
    if (!text) return std::nullopt;
    return *std::move(text);
  };
}

std::string secret_variable(const std::string& name) {
  std::string variable = "SEQUENT_SECRET_";
  for (const char c : name) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool kept = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    variable += lower ? static_cast<char>(c - 'a' + 'A') : kept ? c : '_';
  }
  return variable;
}

Json secret_value(const std::string& text) {
  if (text.starts_with('{'))
    if (auto json = parse_json(text, 64)) return *std::move(json);
  return text;
}

}  // namespace sequent::cli
