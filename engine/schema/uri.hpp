#pragma once
// References between schemas: URIs split, resolved and checked (RFC 3986).
#include <optional>
#include <string>
#include <string_view>

namespace sequent::schema {

struct UriParts {
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> authority;
  std::string_view path;
  std::optional<std::string_view> query;
  std::optional<std::string_view> fragment;
};

/// Splits without judging: every text splits. The parts view into `text`.
[[nodiscard]] UriParts split_uri(std::string_view text);

/// `reference` seen from `base` (RFC 3986, 5.2), without its fragment. An empty base is allowed.
[[nodiscard]] std::string resolve_uri(std::string_view base, std::string_view reference);
/// The text behind the first `#`, percent-decoded; empty when there is none.
[[nodiscard]] std::string fragment_of(std::string_view reference);
[[nodiscard]] std::string without_fragment(std::string_view reference);

enum class UriAlphabet { ascii, unicode };  // URI or IRI
[[nodiscard]] bool is_uri_reference(std::string_view text, UriAlphabet alphabet);
[[nodiscard]] bool is_uri(std::string_view text, UriAlphabet alphabet);

}  // namespace sequent::schema
