#pragma once
// One outbound exchange as libcurl sees it. Lives on the client's thread from prepare() on.
#include <curl/curl.h>

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "net/http_client.hpp"

namespace sequent::net {

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Transfer {
  std::uint64_t id = 0;
  ClientRequest request;
  boost::asio::any_io_executor executor;  // tracked: keeps the caller's loop from running dry
  std::function<void(ClientResult)> done;
  std::chrono::steady_clock::time_point deadline;

  CURL* easy = nullptr;
  std::unique_ptr<curl_slist, FreeList> header_list;
  ClientResponse response;
  std::size_t header_bytes = 0;
  bool too_large = false;
  bool reached_a_peer = false;  // an earlier hop of a redirect was answered
  int redirects = 0;
  std::array<char, CURL_ERROR_SIZE> message{};
};

/// Sets every option of `transfer.easy`, which is fresh or reset.
/// errors  invalid  the request can't be sent as it is; nothing was sent
[[nodiscard]] std::expected<void, TransportError> prepare(Transfer& transfer,
                                                          const ClientLimits& limits);

/// The next hop when the answer is a redirect that the caller wants followed: rewrites
/// `transfer.request` and returns true. Another host gets neither credentials nor private headers.
[[nodiscard]] bool follow_redirect(Transfer& transfer);

/// What a finished transfer came to.
[[nodiscard]] ClientResult outcome_of(Transfer& transfer, CURLcode code);

/// The error of a transfer that is ended by us.
[[nodiscard]] TransportError cancelled(const Transfer& transfer, std::string why);

}  // namespace sequent::net
