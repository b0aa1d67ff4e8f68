#include "crashtest/fresh.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/assert.hpp"
#include "engine/definition/document.hpp"

namespace sequent::crashtest {
namespace {

constexpr std::int64_t numbers_of_a_play = 1'000;  // an id's last three digits stay

struct FreshId {
  std::string old_id;
  std::string new_id;
  std::size_t seen = 0;
};

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool ends_as_uuid(std::string_view id) {
  return id.size() == 36 && id[23] == '-' &&
         std::all_of(id.begin() + 24, id.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Letters alone: with digits among them an id would look like one that a provider has made.
std::string letters_of(std::int64_t number) {
  std::string letters;
  for (; number > 0; number /= 26) letters += static_cast<char>('a' + number % 26);
  return letters;
}

std::string digits_of(std::int64_t number, std::int64_t play) {
  return std::to_string(play * numbers_of_a_play + number % numbers_of_a_play);
}

std::string fresh_text(const std::string& id, std::int64_t play) {
  if (!ends_as_uuid(id)) return id + letters_of(play);
  const auto digits = digits_of(std::stoll(id.substr(24)), play);
  return id.substr(0, 24) + std::string(12 - std::min<std::size_t>(12, digits.size()), '0') +
         digits.substr(digits.size() - std::min<std::size_t>(12, digits.size()));
}

// Longest first: of two that begin alike the longer one is meant.
std::vector<FreshId> ids_in(const Json& root, std::int64_t play) {
  std::vector<FreshId> ids;
  const Json list = root.is_object() ? root.value("fresh", Json::array()) : Json::array();
  if (!list.is_array()) return ids;  // the reader of the file says what is wrong
  for (const auto& id : list) {
    if (id.is_number_integer())
      ids.push_back({.old_id = id.dump(), .new_id = digits_of(id.get<std::int64_t>(), play)});
    if (id.is_string())
      ids.push_back(
          {.old_id = id.get<std::string>(), .new_id = fresh_text(id.get<std::string>(), play)});
  }
  std::sort(ids.begin(), ids.end(), [](const FreshId& one, const FreshId& other) {
    return one.old_id.size() > other.old_id.size();
  });
  return ids;
}

}  // namespace

Result<std::string> with_fresh_ids(std::string_view text, const std::string& file,
                                   std::int64_t play) {
  SEQUENT_ASSERT(play > 0);
  const auto document = definition::read_document(text, {});
  if (!document) return std::string(text);
  auto ids = ids_in(document->root, play);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto rest = text.substr(at);
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const auto found = std::find_if(ids.begin(), ids.end(), [&](const FreshId& id) {
      const auto size = id.old_id.size();
      return begins && rest.starts_with(id.old_id) && (rest.size() == size || !is_word(rest[size]));
    });
    if (found == ids.end()) {
      out += text[at++];
      continue;
    }
    out += found->new_id;
    at += found->old_id.size();
    ++found->seen;
  }
  for (const auto& id : ids)
    if (id.seen < 2)
      return fail(
          ErrorCode::invalid_definition,
          file + ": expected `" + id.old_id +
              "` of its list `fresh` somewhere in a scenario, found it nowhere; take it off "
              "the list.");
  return out;
}

}  // namespace sequent::crashtest
