#pragma once
// Which files hold workflows.
#include <string>
#include <vector>

#include "base/error.hpp"

namespace sequent::cli {

/// The files themselves, and every *.yaml, *.yml and *.json below the folders among them, in order;
/// not NAME.scenarios.yaml and NAME.tests.yaml, which belong to the workflow beside them.
/// errors  not_found: no such file or folder; invalid_request: a folder that can't be read, too many
[[nodiscard]] Result<std::vector<std::string>> workflow_files(
    const std::vector<std::string>& files_and_folders);

}  // namespace sequent::cli
