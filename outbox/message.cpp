#include "outbox/message.hpp"

#include "base/digest.hpp"

namespace sequent::outbox {
namespace {

// Section 3.1.3.2: blanks, quotes, per cent signs and everything that is no printable ASCII.
std::string header_value(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '"' && c != '%') {
      out += c;
      continue;
    }
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

bool is_json(std::string_view type) {
  const auto media = type.substr(0, type.find(';'));
  return media.find("/json") != std::string_view::npos ||
         media.find("+json") != std::string_view::npos;
}

std::string body_of(const Json& event, const std::string& type) {
  // What is no base64 can't be bytes: it goes as it is, rather than hold up what comes after it.
  if (event.contains("data_base64")) {
    const auto text = text_of(event, "data_base64");
    return base64_decode(text).value_or(text);
  }
  const auto data = event.find("data");
  if (data == event.end()) return {};
  if (data->is_string() && !type.empty() && !is_json(type)) return data->get<std::string>();
  return dump_json(*data);
}

Message binary_message(const Json& event) {
  Message message;
  auto type = text_of(event, "datacontenttype");
  message.body = body_of(event, type);
  if (type.empty() && event.contains("data")) type = "application/json";
  if (!type.empty()) message.headers.add("Content-Type", type);
  for (const auto& [name, value] : event.items()) {
    if (name == "data" || name == "data_base64" || name == "datacontenttype" || value.is_null())
      continue;
    message.headers.add("ce-" + name, header_value(value.is_string() ? value.get<std::string>()
                                                                     : dump_json(value)));
  }
  return message;
}

}  // namespace

Message message_of(const Json& event, ContentMode mode) {
  if (mode == ContentMode::binary) return binary_message(event);
  Message message;
  message.headers.add("Content-Type", "application/cloudevents+json; charset=utf-8");
  message.body = dump_json(event);
  return message;
}

}  // namespace sequent::outbox
