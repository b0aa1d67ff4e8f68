#include "reconciliation/finding.hpp"

namespace sequent::reconciliation {
namespace {

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

}  // namespace

std::string_view name_of(Found found) {
  switch (found) {
    case Found::missing:
      return "missing";
    case Found::extra:
      return "extra";
    case Found::different:
      return "different";
    case Found::answer_lost:
      return "answer-lost";
  }
  return "?";
}

Json to_json(const Finding& finding) {
  Json json{{"finding", name_of(finding.found)},
            {"object", finding.object},
            {"id", finding.id},
            {"account", or_null(finding.account)},
            {"run", or_null(finding.run)},
            {"task", or_null(finding.task)},
            {"at", finding.at == 0 ? Json(nullptr) : Json(format_time(finding.at))},
            {"cause", finding.cause},
            {"repair", finding.repair}};
  if (finding.found != Found::different) return json;
  json["fields"] = Json::array();
  for (const auto& each : finding.fields)
    json["fields"].push_back({{"field", each.field}, {"sent", each.sent}, {"has", each.has}});
  return json;
}

}  // namespace sequent::reconciliation
