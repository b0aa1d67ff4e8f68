#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/schema/regex.hpp"

#include <pcre2.h>

namespace sequent::schema {

namespace {

// Steps of one search; about a tenth of a second at worst. Heap in KiB.
constexpr std::uint32_t match_limit = 2'000'000;
constexpr std::uint32_t depth_limit = 200'000;
constexpr std::uint32_t heap_limit_kib = 64 * 1024;
constexpr std::size_t pattern_limit = 16 * 1024;
constexpr std::uint32_t nesting_limit = 200;

std::string message_of(int code) {
  PCRE2_UCHAR text[256];
  pcre2_get_error_message(code, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

// Only read after it is built, so that every thread may share it.
const pcre2_match_context* limits() {
  static const auto shared = [] {
    std::unique_ptr<pcre2_match_context, FreeContext> context(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(context.get(), match_limit);
    pcre2_set_depth_limit(context.get(), depth_limit);
    pcre2_set_heap_limit(context.get(), heap_limit_kib);
    return context;
  }();
  return shared.get();
}

}  // namespace

Result<Regex> Regex::compile(std::string_view ecma) {
  if (ecma.size() > pattern_limit)
    return fail(ErrorCode::invalid_definition, "expected a pattern of at most " +
                                                   std::to_string(pattern_limit) + " bytes, got " +
                                                   std::to_string(ecma.size()));
  const auto pattern = pcre2_pattern(ecma);
  if (!pattern) return std::unexpected(pattern.error());
  const std::unique_ptr<pcre2_compile_context, FreeContext> context(
      pcre2_compile_context_create(nullptr));
  pcre2_set_parens_nest_limit(context.get(), nesting_limit);
  constexpr std::uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                                    PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern->data()), pattern->size(),
                             options, &error, &offset, context.get());
  if (code == nullptr)
    return fail(ErrorCode::invalid_definition, "expected a regular expression, but " +
                                                   message_of(error) + " near offset " +
                                                   std::to_string(offset));
  Regex regex;
  regex.code_.reset(code, [](pcre2_code* owned) { pcre2_code_free(owned); });
  return regex;
}

Match Regex::search(std::string_view subject) const {
  const std::unique_ptr<pcre2_match_data, FreeContext> data(pcre2_match_data_create(1, nullptr));
  // pcre2_match takes its context without const and only reads it.
  auto* context = const_cast<pcre2_match_context*>(limits());
  const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()),
                                subject.size(), 0, 0, data.get(), context);
  if (found >= 0) return Match::yes;
  return found == PCRE2_ERROR_NOMATCH ? Match::no : Match::gave_up;
}

}  // namespace sequent::schema
