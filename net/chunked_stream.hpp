#pragma once
#include "net/connection.hpp"

namespace sequent::net {

/// Writes a body piece by piece: as chunks to HTTP/1.1, bare until the close to HTTP/1.0.
class ChunkedStream : public ResponseStream {
 public:
  ChunkedStream(Connection& connection, bool chunked)
      : connection_(connection), chunked_(chunked) {}

  boost::asio::awaitable<bool> write(std::string chunk) override;
  [[nodiscard]] bool closed() const override;
  /// The end mark, without which a client takes the body for cut off.
  boost::asio::awaitable<void> finish();

 private:
  Connection& connection_;
  bool chunked_;
};

}  // namespace sequent::net
