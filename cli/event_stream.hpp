#pragma once
// Server-sent events (WHATWG HTML, "Server-sent events"), as far as the API writes them.
#include <functional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace sequent::cli {

class EventStream {
 public:
  using Take = std::function<bool(const std::string& name, const Json& data)>;
  explicit EventStream(Take take) : take_(std::move(take)) {}

  /// More bytes. False: no more are wanted, or a line is longer than the limit.
  bool feed(std::string_view bytes);

 private:
  bool line(std::string_view text);

  Take take_;
  std::string rest_, name_, data_;
};

}  // namespace sequent::cli
