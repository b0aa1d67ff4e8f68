#pragma once
// The folder of documents that tests read where it is there: SEQUENT_SHARED, else beside the checkout.
#include <cstdlib>
#include <filesystem>
#include <optional>

namespace sequent::test {

inline std::optional<std::filesystem::path> shared_folder() {
  const char* told = std::getenv("SEQUENT_SHARED");
  std::filesystem::path folder =
      told != nullptr ? std::filesystem::path{told}
                      : std::filesystem::path{SEQUENT_SOURCE_DIR}.parent_path() / "shared";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

}  // namespace sequent::test
