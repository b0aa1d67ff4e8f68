#include "engine/runtime/where_terms.hpp"

#include <algorithm>
#include <array>

#include "engine/definition/report.hpp"
#include "engine/runtime/where.hpp"

namespace sequent::runtime::search {

using Field = RunTerm::Field;
using Compare = RunTerm::Compare;

namespace {

struct Word {
  std::string_view name;
  Field field;
  Kind kind = Kind::text;
};
// The first name of a field is the one that messages use.
constexpr std::array words{
    Word{"status", Field::status},
    Word{"workflow", Field::workflow},
    Word{"namespace", Field::workflow_namespace},
    Word{"name", Field::name},
    Word{"version", Field::version},
    Word{"key", Field::key},
    Word{"task", Field::task},
    Word{"waiting", Field::waiting},
    Word{"reason", Field::park_reason},
    Word{"provider", Field::provider},
    Word{"operation", Field::operation},
    Word{"error.type", Field::error_type},
    Word{"errorType", Field::error_type},
    Word{"error", Field::error_type},
    Word{"error.status", Field::error_status, Kind::number},
    Word{"errorStatus", Field::error_status, Kind::number},
    Word{"error.title", Field::error_title},
    Word{"errorTitle", Field::error_title},
    Word{"attempts", Field::attempts, Kind::number},
    Word{"parent", Field::parent},
    Word{"started", Field::started, Kind::time},
    Word{"updated", Field::updated, Kind::time},
    Word{"ended", Field::ended, Kind::time},
    Word{"parked", Field::parked, Kind::time},
    Word{"deadline", Field::deadline, Kind::time},
    Word{"key.born", Field::key_born, Kind::time},
    Word{"key.bornAt", Field::key_born, Kind::time},
    Word{"keyBornAt", Field::key_born, Kind::time},
};
constexpr std::array attribute_prefixes{std::string_view{"attr."}, std::string_view{"attribute."},
                                        std::string_view{"attributes."}};
const std::vector<std::string> statuses{"pending",   "running", "waiting",  "suspended",
                                        "cancelled", "faulted", "completed"};
const std::vector<std::string> waiting_kinds{"timer",  "event", "activity",
                                             "parked", "child", "limit"};

/// Adds one condition.
class Adder {
 public:
  Adder(RunFilter& filter, Timestamp now) : filter_(filter), now_(now) {}

  Result<void> add(Kind kind, std::size_t compare_at, RunTerm term,
                   const std::vector<Value>& values) {
    switch (kind) {
      case Kind::number:
        return add_number(compare_at, std::move(term), values);
      case Kind::time:
        return add_time(compare_at, std::move(term), values);
      case Kind::text:
        break;
    }
    const bool ordered = term.compare >= Compare::less;
    if (ordered && term.field != Field::attribute)
      return wrong(compare_at, "only numbers, times and attributes can be more or less");
    if (ordered) {
      const auto number = parse_json(values.front().text, 1);
      if (!number || !number->is_number())
        return wrong(values.front().column, "expected a number, got `" + values.front().text + "`");
      term.texts = {dump_json(*number)};
      filter_.terms.push_back(std::move(term));
      return {};
    }
    if (const auto pattern = add_pattern(term, values); pattern) return *pattern;
    for (const Value& value : values) {
      if (const auto fits = check(term, value); !fits) return fits;
      if (term.field != Field::attribute) {
        term.texts.push_back(value.text);
        continue;
      }
      const auto scalar = value.quoted ? Result<Json>{Json(value.text)} : parse_json(value.text, 1);
      if (scalar && !scalar->is_structured() && !scalar->is_string())
        term.texts.push_back(dump_json(*scalar));
      term.texts.push_back(dump_json(Json(value.text)));
    }
    keep(std::move(term));
    return {};
  }

 private:
  /// `~`, and `=` with a `*`. Nothing when the condition is no pattern.
  std::optional<Result<void>> add_pattern(RunTerm& term, const std::vector<Value>& values) {
    const bool asked = term.compare == Compare::like || term.compare == Compare::not_like;
    const auto star = [](const Value& value) {
      return !value.quoted && value.text.find('*') != std::string::npos;
    };
    if (!asked && std::ranges::none_of(values, star)) return std::nullopt;
    if (values.size() != 1)
      return wrong(values.front().column, "`*` works in a single value, not in a list",
                   "join several conditions with `and`");
    if (term.field == Field::parent)
      return wrong(values.front().column, "`parent` takes the whole id of a run");
    auto pattern = values.front().text;
    if (pattern.find('*') == std::string::npos) pattern = "*" + pattern + "*";
    if (!asked) term.compare = term.compare == Compare::equal ? Compare::like : Compare::not_like;
    term.texts = {std::move(pattern)};
    filter_.terms.push_back(std::move(term));
    return Result<void>{};
  }

  static Result<void> check(const RunTerm& term, const Value& value) {
    const std::vector<std::string>* known = nullptr;
    if (term.field == Field::status) known = &statuses;
    if (term.field == Field::waiting) known = &waiting_kinds;
    if (known != nullptr && std::ranges::find(*known, value.text) == known->end())
      return wrong(value.column, "`" + value.text + "` is not one of its values",
                   definition::suggestion(value.text, *known));
    if (term.field == Field::parent && !InstanceId::parse(value.text))
      return wrong(value.column, "expected the id of a run, got `" + value.text + "`");
    if (term.field == Field::workflow && value.text.find('/') == std::string::npos)
      return wrong(value.column,
                   "expected namespace/name or namespace/name:version, got `" + value.text + "`",
                   "any namespace: `workflow=*/" + value.text + "`");
    return {};
  }

  Result<void> add_number(std::size_t compare_at, RunTerm term, const std::vector<Value>& values) {
    if (term.compare == Compare::like || term.compare == Compare::not_like)
      return wrong(compare_at, "a number has no parts: use =, !=, <, >, or in");
    for (const Value& value : values) {
      const bool digits = !value.text.empty() && value.text.size() <= 9 &&
                          value.text.find_first_not_of("0123456789") == std::string::npos;
      if (!digits) return wrong(value.column, "expected a whole number, got `" + value.text + "`");
      term.number = std::stoll(value.text);
      term.texts.push_back(value.text);
    }
    keep(std::move(term));
    return {};
  }

  Result<void> add_time(std::size_t compare_at, RunTerm term, const std::vector<Value>& values) {
    if (term.compare < Compare::less || values.size() != 1)
      return wrong(compare_at, "a time takes <, <=, > or >=", "`started>24h`: in the last day");
    const auto at = time_of(values.front().text, term.field == Field::deadline);
    if (!at)
      return wrong(values.front().column, "expected a time, got `" + values.front().text + "`",
                   "such as 2026-11-21T08:00:00Z, 24h, now-15m or now+2h");
    term.number = *at;
    keep(std::move(term));
    return {};
  }

  [[nodiscard]] std::optional<Timestamp> time_of(std::string_view text, bool ahead) const {
    if (const auto at = parse_time(text)) return at;
    if (text.starts_with("now")) {
      if (text == "now") return now_;
      const auto length = read_length(text.substr(std::min<std::size_t>(4, text.size())));
      if (!length || (text[3] != '-' && text[3] != '+')) return std::nullopt;
      return text[3] == '-' ? now_ - *length : now_ + *length;
    }
    const auto length = read_length(text);
    if (!length) return std::nullopt;
    return ahead ? now_ + *length : now_ - *length;
  }

  /// What the filter has a member of its own for goes there, once: stores know those best.
  void keep(RunTerm term) {
    const bool equal = term.compare == Compare::equal;
    const bool one = equal && term.texts.size() == 1;
    const auto put = [&](std::string& into) {
      if (!one || !into.empty()) return false;
      into = term.texts.front();
      return true;
    };
    bool kept = false;
    switch (term.field) {
      case Field::status:
        if (equal && filter_.statuses.empty()) {
          filter_.statuses = term.texts;
          kept = true;
        }
        break;
      case Field::workflow:
        kept = one && keep_workflow(term.texts.front());
        break;
      case Field::workflow_namespace:
        kept = put(filter_.workflow_namespace);
        break;
      case Field::name:
        kept = put(filter_.name);
        break;
      case Field::version:
        kept = put(filter_.version);
        break;
      case Field::key:
        kept = put(filter_.key);
        break;
      case Field::task:
        kept = put(filter_.task);
        break;
      case Field::waiting:
        kept = put(filter_.waiting_kind);
        break;
      case Field::provider:
        kept = put(filter_.provider);
        break;
      case Field::operation:
        kept = put(filter_.operation);
        break;
      case Field::error_type:
        kept = put(filter_.error_type);
        break;
      case Field::error_status:
        if (one && filter_.error_status == 0 && term.number != 0) {
          filter_.error_status = static_cast<int>(term.number);
          kept = true;
        }
        break;
      case Field::parent:
        if (one && !filter_.parent) {
          filter_.parent = InstanceId::parse(term.texts.front());
          kept = true;
        }
        break;
      case Field::park_reason:
      case Field::error_title:
      case Field::attempts:
      case Field::attribute:
      case Field::started:
      case Field::updated:
      case Field::ended:
      case Field::parked:
      case Field::deadline:
      case Field::key_born:
        break;
    }
    if (!kept) filter_.terms.push_back(std::move(term));
  }

  bool keep_workflow(const std::string& text) {
    if (!filter_.workflow_namespace.empty() || !filter_.name.empty() || !filter_.version.empty())
      return false;
    const auto slash = text.find('/');
    const auto colon = std::min(text.find(':', slash), text.size());
    filter_.workflow_namespace = text.substr(0, slash);
    filter_.name = text.substr(slash + 1, colon - slash - 1);
    if (colon < text.size()) filter_.version = text.substr(colon + 1);
    return true;
  }

  RunFilter& filter_;
  Timestamp now_;
};

}  // namespace

std::unexpected<Error> wrong(std::size_t column, const std::string& message,
                             const std::string& hint) {
  Error error{.code = ErrorCode::invalid_request,
              .detail = "The search, column " + std::to_string(column) + ": " + message + "." +
                        (hint.empty() ? "" : " " + hint)};
  error.findings.push_back(
      {.message = message, .line = 1, .column = static_cast<int>(column), .hint = hint});
  return std::unexpected(std::move(error));
}

std::string known_fields() {
  std::string list = "Fields: ";
  for (const Word& word : words)
    if (word.name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos)
      list += std::string{word.name} + ", ";
  return list + "attr.NAME, text, id";
}

std::optional<Kind> field_of(const std::string& name, RunTerm& term) {
  for (const auto prefix : attribute_prefixes)
    if (name.starts_with(prefix) && name.size() > prefix.size()) {
      term.field = Field::attribute;
      term.attribute = name.substr(prefix.size());
      return Kind::text;
    }
  for (const Word& word : words)
    if (word.name == name) {
      term.field = word.field;
      return word.kind;
    }
  return std::nullopt;
}

std::unexpected<Error> no_field(std::size_t column, const std::string& name) {
  std::vector<std::string> names{"text", "id", "attr.NAME"};
  for (const Word& word : words) names.emplace_back(word.name);
  return wrong(column, "no field is named `" + name + "`",
               definition::suggestion(name, names, known_fields()));
}

Result<void> add_condition(RunFilter& filter, Timestamp now, Kind kind, std::size_t compare_at,
                           RunTerm term, const std::vector<Value>& values) {
  return Adder{filter, now}.add(kind, compare_at, std::move(term), values);
}

}  // namespace sequent::runtime::search
