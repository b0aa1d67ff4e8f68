#include "cli/webhook_settings.hpp"

#include <algorithm>

#include "engine/schema/formats.hpp"

namespace sequent::cli {
namespace {

constexpr std::int64_t day_s = 86'400;

// RFC 6901; an index is no longer than any list that fits a body.
bool is_pointer(const std::string& text) {
  constexpr std::size_t longest_index = 9;
  if (text.empty() || !schema::is_json_pointer(text)) return false;
  for (std::size_t at = 0; at != std::string::npos; at = text.find('/', at + 1)) {
    const auto segment = text.substr(at + 1, text.find('/', at + 1) - at - 1);
    if (segment.size() > longest_index &&
        segment.find_first_not_of("0123456789") == std::string::npos)
      return false;
  }
  return true;
}

bool is_header_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  });
}

void read_header_name(const Section& section, const std::string& name, Reading& reading,
                      std::string& into) {
  section.text(name, into);
  if (!into.empty() && !is_header_name(into))
    reading.report.mistyped(*section.find(name), "the name of a header");
}

void read_field(const Section& source, const std::string& name, Reading& reading,
                api::WebhookField& into) {
  const auto value = source.find(name);
  if (!value) return;
  const Section section{*value, reading, {"header", "pointer"}};
  const bool one = section.find("header").has_value() != section.find("pointer").has_value();
  if (!one)
    return reading.report.at_value(value->pointer, "expected either `header` or `pointer` here");
  read_header_name(section, "header", reading, into.header);
  section.text("pointer", into.pointer);
  if (!is_pointer(into.pointer))
    reading.report.mistyped(*section.find("pointer"), "a JSON Pointer, such as /data/id");
}

void read_signature(const Value& value, Reading& reading, api::WebhookSource& source) {
  const Section section{value,
                        reading,
                        {"header", "encoding", "prefix", "timestampHeader", "timestampPrefix",
                         "signs", "toleranceSeconds"}};
  auto& rule = source.signature;
  read_header_name(section, "header", reading, rule.header);
  std::string encoding = "hex";
  section.one_of("encoding", {"hex", "base64"}, encoding);
  if (encoding == "base64") rule.encoding = api::SignatureEncoding::base64;
  section.text("prefix", rule.prefix);
  read_header_name(section, "timestampHeader", reading, rule.timestamp_header);
  section.text("timestampPrefix", rule.timestamp_prefix);
  if (!rule.timestamp_header.empty() || !rule.timestamp_prefix.empty())
    rule.signs = "{timestamp}.{body}";
  section.text("signs", rule.signs);
  section.whole("toleranceSeconds", 1, day_s, rule.tolerance_seconds);
}

void read_source(const std::string& name, const Value& value, Reading& reading,
                 WebhookSettings& webhooks) {
  if (!is_plain_name(name))
    reading.report.at_key(value.pointer,
                          "expected a name of up to 64 of a-z, 0-9, - and _ for a source");
  if (name == "stripe")
    reading.report.at_key(value.pointer,
                          "Stripe has settings of its own: providers.stripe.webhookSecrets");
  const Section section{value, reading, {"secrets", "signature", "id", "type", "typePrefix"}};
  WebhookSettings::Source source;
  source.how.name = name;
  source.how.signature.tolerance_seconds = webhooks.tolerance_seconds;
  const auto secrets = section.find("secrets");
  if (!secrets || (secrets->json->is_array() && secrets->json->empty()))
    reading.report.at_value(value.pointer,
                            "expected `secrets`: one credential, or several while one is rolled");
  read_credentials(section, "secrets", reading, source.secrets);
  read_field(section, "id", reading, source.how.id);
  read_field(section, "type", reading, source.how.type);
  section.text("typePrefix", source.how.type_prefix);
  const auto signature = section.find("signature");
  if (signature) read_signature(*signature, reading, source.how);
  source.how.signature.id_header = source.how.id.header;
  if (const auto flaw = api::flaw_of(source.how.signature))
    reading.report.at_value(signature ? signature->pointer : value.pointer,
                            "`signature`: " + *flaw);
  webhooks.sources.push_back(std::move(source));
}

}  // namespace

void read_webhooks(const Value& value, Reading& reading, WebhookSettings& webhooks) {
  const Section section{value, reading, {"allowUnsigned", "toleranceSeconds", "sources"}};
  section.flag("allowUnsigned", webhooks.allow_unsigned);
  section.whole("toleranceSeconds", 1, day_s, webhooks.tolerance_seconds);
  const auto sources = section.find("sources");
  if (!sources) return;
  if (!sources->json->is_object())
    return reading.report.mistyped(*sources, "a mapping of names to sources");
  for (const auto& [name, json] : sources->json->items())
    read_source(name, sources->member(name), reading, webhooks);
}

}  // namespace sequent::cli
