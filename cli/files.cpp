#include "cli/files.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace sequent::cli {
namespace {

constexpr std::size_t max_input_bytes = 16 << 20;

Result<std::string> read_stream(std::istream& in, const std::string& name, std::size_t max_bytes) {
  std::string text;
  char piece[16 << 10];
  while (in.read(piece, sizeof piece) || in.gcount() > 0) {
    text.append(piece, static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_bytes)
      return fail(ErrorCode::too_large,
                  name + " is larger than the limit of " + std::to_string(max_bytes) + " bytes.");
  }
  if (in.bad()) return fail(ErrorCode::invalid_request, name + " cannot be read to its end.");
  return text;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  if (path == "-") return read_stream(std::cin, "Standard input", max_bytes);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return fail(ErrorCode::invalid_request, path + " is a folder; expected a file.");
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::invalid_request,
                "Cannot read " + path + ": " + std::strerror(errno) + ".");
  return read_stream(in, path, max_bytes);
}

Result<Json> json_argument(const std::string& text) {
  std::error_code ignored;
  const bool file = text == "-" || std::filesystem::exists(text, ignored);
  if (!file) {
    auto json = parse_json(text);
    if (json) return json;
    return fail(ErrorCode::invalid_json,
                "Expected JSON or the name of a file that holds it; there "
                "is no file `" +
                    text.substr(0, 200) + "`, and as JSON: " + json.error().detail);
  }
  const auto content = read_file(text, max_input_bytes);
  if (!content) return std::unexpected(content.error());
  auto json = parse_json(*content);
  if (json) return json;
  return fail(ErrorCode::invalid_json, text + " holds no JSON: " + json.error().detail);
}

}  // namespace sequent::cli
