#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <boost/asio/ssl.hpp>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>

#include "support.hpp"

using namespace sequent::net;
using namespace sequent::net::test;
using Kind = TransportError::Kind;

namespace {

/// A key and a self-signed certificate for 127.0.0.1, made on the spot.
struct Identity {
  Identity() {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_EXTENSION* const names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    file = (std::filesystem::temp_directory_path() /
            ("sequent-tls-test-" + std::to_string(getpid()) + ".pem"))
               .string();
    std::FILE* const out = std::fopen(file.c_str(), "w");
    REQUIRE(out != nullptr);
    PEM_write_X509(out, certificate);
    std::fclose(out);
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
    std::filesystem::remove(file);
  }
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  std::string file;
};

void answer_over_tls(tcp::socket& socket, const Identity& identity, bool& asked) {
  asio::ssl::context context{asio::ssl::context::tls_server};
  SSL_CTX_use_certificate(context.native_handle(), identity.certificate);
  SSL_CTX_use_PrivateKey(context.native_handle(), identity.key);
  asio::ssl::stream<tcp::socket&> stream{socket, context};
  boost::system::error_code error;
  stream.handshake(asio::ssl::stream_base::server, error);
  if (error) return;
  std::string request;
  asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error);
  asked = !request.empty();
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsafe";
  asio::write(stream, asio::buffer(answer), error);
  stream.shutdown(error);
}

}  // namespace

TEST_CASE("a certificate is trusted by its CA file or by nobody", "[net]") {
  const Identity identity;
  bool asked = false;
  ClientLimits limits;
  std::optional<ClientResult> result;
  const bool trusted = GENERATE(true, false);
  if (trusted) limits.ca_file = identity.file;
  {
    RawServer server{[&](tcp::socket& socket) { answer_over_tls(socket, identity, asked); }};
    HttpClient client{limits};
    result = fetch(client, get_request("https" + server.url().substr(4)));
  }
  if (trusted) {
    REQUIRE(*result);
    CHECK((*result)->body == "safe");
  } else {
    REQUIRE_FALSE(*result);
    CHECK(result->error().kind == Kind::tls);
    CHECK_FALSE(result->error().sent);
  }
  CHECK(asked == trusted);
}
