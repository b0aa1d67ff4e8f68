#pragma once
#include <filesystem>

#include "engine/runtime/system_clock.hpp"

namespace sequent::testing {

/// A folder of its own that goes with the test.
struct Folder {
  Folder()
      : path(std::filesystem::temp_directory_path() /
             ("sequent-node-" + std::to_string(runtime::system_seed()))) {}
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path;
};

}  // namespace sequent::testing
