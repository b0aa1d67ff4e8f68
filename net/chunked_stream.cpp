#include "net/chunked_stream.hpp"

#include <charconv>

namespace sequent::net {

boost::asio::awaitable<bool> ChunkedStream::write(std::string chunk) {
  if (connection_.gone_) co_return false;
  if (chunk.empty()) co_return true;  // an empty chunk would be the end mark
  if (chunked_) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, chunk.size(), 16).ptr;
    chunk.insert(0, std::string(digits, end) + "\r\n");
    chunk += "\r\n";
  }
  co_return co_await connection_.send_all(chunk);
}

bool ChunkedStream::closed() const {
  return connection_.gone_.load() || connection_.core_->stopping.load();
}

boost::asio::awaitable<void> ChunkedStream::finish() {
  if (connection_.gone_ || !chunked_) co_return;
  co_await connection_.send_all("0\r\n\r\n");
}

}  // namespace sequent::net
