#include <nlohmann/json.hpp>

// The one copy of JSON's member functions; base/pch/core.hpp tells all other files not to make theirs.
template class nlohmann::basic_json<>;
