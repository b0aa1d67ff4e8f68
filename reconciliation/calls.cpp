#include "reconciliation/calls.hpp"

#include <array>

#include "activities/stripe/traces.hpp"

namespace sequent::reconciliation {
namespace {

constexpr std::array made_besides{"default_price", "product", "subscription", "customer",
                                  "invoice"};

Timestamp time_of(const Json& record, std::string_view member) {
  return parse_time(text_of(record, member)).value_or(0);
}

void note_result(RecordedCall& call, const Json& record, bool by_operator) {
  const Json output = record.value("output", Json());
  call.returned_at = time_of(record, "at");
  call.by_operator = by_operator;
  call.object = text_of(output, "id");
  call.result = Json::object();
  if (!output.is_object()) return;
  for (const char* name : made_besides)
    if (const auto member = output.find(name); member != output.end() && member->is_string())
      call.result[name] = *member;
}

}  // namespace

// A retry schedules the same intent again, an edit or a rewind makes another with a key of its own.
void CallReader::scheduled(const Json& record) {
  const auto activity = text_of(record, "activity");
  if (!activity.starts_with("stripe.")) return;
  const auto key = activities::stripe::unrevised(text_of(record, "key"));
  const auto [at, fresh] = by_key_.try_emplace(key, calls_.size());
  if (fresh) calls_.emplace_back();
  by_frame_[record.value("frame", std::uint64_t{0})] = at->second;
  RecordedCall& call = calls_[at->second];
  call.activity = activity;
  call.task = text_of(record, "task");
  call.key = key;
  call.input = record.value("arguments", Json::object());
  call.sent_at = time_of(record, "at");
  call.failed = call.parked = call.given_up = false;
  call.retry_at = 0;
}

void CallReader::give_up_open() {
  for (auto& call : calls_)
    if (call.returned_at == 0) call.given_up = true;
}

void CallReader::take(const Json& record) {
  const auto kind = text_of(record, "kind");
  if (kind == "ActivityScheduled") return scheduled(record);
  if (kind == "InstanceCompleted" || kind == "InstanceCancelled" || kind == "Rewound")
    return give_up_open();
  const auto frame = by_frame_.find(record.value("frame", std::uint64_t{0}));
  if (frame == by_frame_.end()) return;
  RecordedCall& call = calls_[frame->second];
  if (kind == "AttemptStarted") {
    call.sent_at = time_of(record, "at");
    call.failed = call.parked = false;
    call.retry_at = 0;
  } else if (kind == "AttemptFailed") {
    call.failed = true;
    call.may_exist = record.value("unsettled", false);
    call.retry_at = time_of(record, "retryAt");
  } else if (kind == "TaskParked") {
    call.parked = true;
  } else if (kind == "TaskReturned") {
    note_result(call, record, record.value("attempt", 0) == 0);
  } else if (kind == "TaskSkippedByOperator" && call.returned_at == 0) {
    note_result(call, record, true);
  }
}

}  // namespace sequent::reconciliation
