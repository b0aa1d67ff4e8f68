#include "base/digest.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <span>

#include "base/assert.hpp"
#include "base/hmac.hpp"

namespace sequent {
namespace {

using Digest = std::array<std::uint8_t, 32>;
constexpr std::size_t block_bytes = 64;  // of SHA-256, as HMAC pads its key to it

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Looking an algorithm up by name takes a lock in OpenSSL 3, so that is done once.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  SEQUENT_ASSERT(fetched != nullptr);
  return fetched;
}

Digest digest_of(std::string_view first, std::string_view second) {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
  SEQUENT_ASSERT(context != nullptr);
  Digest out{};
  unsigned int size = 0;
  const bool done = EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
                    EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), out.data(), &size) == 1;
  SEQUENT_ASSERT(done);
  SEQUENT_ASSERT(size == out.size());
  return out;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string_view view(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::array<std::uint8_t, 32> sha256(std::string_view bytes) {
  return digest_of(bytes, {});
}

std::string sha256_hex(std::string_view bytes) {
  return hex(sha256(bytes));
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  // RFC 2104: a key longer than a block is hashed first.
  std::array<std::uint8_t, block_bytes> inner{};
  std::array<std::uint8_t, block_bytes> outer{};
  const Digest short_key = key.size() > block_bytes ? sha256(key) : Digest{};
  const std::string_view used = key.size() > block_bytes ? view(short_key) : key;
  for (std::size_t i = 0; i < block_bytes; ++i) {
    const auto byte = i < used.size() ? static_cast<std::uint8_t>(used[i]) : std::uint8_t{0};
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  const Digest inner_hash = digest_of(view(inner), bytes);
  return std::string(view(digest_of(view(outer), view(inner_hash))));
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  const std::string raw = hmac_sha256(key, bytes);
  return hex({reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size()});
}

std::string base64_encode(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock adds a NUL
  SEQUENT_ASSERT(bytes.size() < (1U << 30));               // it counts in int
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  SEQUENT_ASSERT(length >= 0);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto used = std::min(text.find('='), text.size());
  const auto padding = text.size() - used;
  if (text.size() % 4 != 0 || padding > 2 || text.size() >= (1U << 30)) return std::nullopt;
  // OpenSSL takes blanks and line ends too, and counts padding as bytes.
  if (text.substr(0, used).find_first_not_of(alphabet) != std::string_view::npos ||
      text.substr(used).find_first_not_of('=') != std::string_view::npos)
    return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  SEQUENT_ASSERT(length == static_cast<int>(bytes.size()));
  bytes.resize(bytes.size() - padding);
  return bytes;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sequent
