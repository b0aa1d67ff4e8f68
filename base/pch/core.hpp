#pragma once
// Precompiled: what nearly every file of the engine includes. Including it by hand is never needed.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

// Compiled once, in base/json_class.cpp, in place of once in each of some four hundred files.
extern template class nlohmann::basic_json<>;
