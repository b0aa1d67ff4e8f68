#include <unordered_map>

#include "engine/machine/codec.hpp"
#include "engine/machine/json_fields.hpp"

namespace sequent::machine {
namespace {

using Decoder = RecordBody (*)(const FieldReader&);

WorkflowRef workflow_from(const FieldReader& in) {
  return {in.text("namespace"), in.text("name"), in.text("version")};
}
FrameId frame(const FieldReader& in) {
  return in.number<FrameId>("frame");
}
NodeIndex next(const FieldReader& in) {
  return in.number<NodeIndex>("next", no_node);
}
Problem error(const FieldReader& in) {
  return problem_from_json(in.member("error"));
}

RecordBody instance_started(const FieldReader& in) {
  return InstanceStarted{.id = id_from_text(in.text("id")),
                         .workflow = workflow_from(in),
                         .digest = in.text("digest"),
                         .layout = in.text("layout"),
                         .key = in.text("key"),
                         .attributes = in.json("attributes", Json::object()),
                         .raw_input = in.value("rawInput"),
                         .input = in.value("input"),
                         .parent = id_from_text(in.text("parent")),
                         .parent_frame = in.number<FrameId>("parentFrame"),
                         .timeout_at = in.number<Timestamp>("timeoutAt"),
                         .started_by = in.text("startedBy")};
}
RecordBody task_started(const FieldReader& in) {
  return TaskStarted{.frame = frame(in),
                     .parent = in.number<FrameId>("parent"),
                     .node = in.number<NodeIndex>("node"),
                     .ordinal = in.number<std::uint32_t>("ordinal"),
                     .visit = in.number<std::uint32_t>("visit"),
                     .input = in.value("input"),
                     .timeout_at = in.number<Timestamp>("timeoutAt"),
                     .succeed_before = in.number<Timestamp>("succeedBefore"),
                     .undo = in.text("undo"),
                     .undoes = in.text("undoes"),
                     .settling = in.flag("settling"),
                     .generation = in.number<std::uint32_t>("generation")};
}
RecordBody activity_scheduled(const FieldReader& in) {
  return ActivityScheduled{.frame = frame(in),
                           .key = in.text("key"),
                           .revision = in.number<std::uint32_t>("revision"),
                           .attempt = in.number<std::uint32_t>("attempt", 1),
                           .arguments = in.value("arguments"),
                           .late = in.value("late"),
                           .late_input = in.value("lateInput"),
                           .first_sent_at = in.number<Timestamp>("firstSentAt"),
                           .unsettled = in.flag("unsettled")};
}
RecordBody migrated(const FieldReader& in) {
  return Migrated{.workflow = workflow_from(in),
                  .digest = in.text("digest"),
                  .layout = in.text("layout"),
                  .nodes = in.member("nodes").get<std::map<NodeIndex, NodeIndex>>(),
                  .filters = in.member("filters").get<std::map<std::uint32_t, std::uint32_t>>(),
                  .reason = in.text("reason"),
                  .by = in.text("by")};
}
RecordBody event_consumed(const FieldReader& in) {
  EventConsumed record{.frame = frame(in),
                       .subscription = in.number<std::uint32_t>("subscription"),
                       .event_id = in.text("eventId"),
                       .item = in.value("item"),
                       .queued = in.flag("queued"),
                       .closed = in.flag("closed"),
                       .held = in.number<std::uint32_t>("held"),
                       .request = in.flag("request")};
  if (in.has("correlated"))
    record.correlated = in.member("correlated").get<std::map<std::string, Json>>();
  return record;
}

const std::unordered_map<std::string_view, Decoder>& decoders() {
  using In = const FieldReader&;
  static const std::unordered_map<std::string_view, Decoder> table{
      {"InstanceStarted", instance_started},
      {"TaskStarted", task_started},
      {"BlockEntered",
       [](In in) -> RecordBody {
         return BlockEntered{frame(in), next(in), in.value("data")};
       }},
      {"TaskSkipped",
       [](In in) -> RecordBody {
         return TaskSkipped{in.number<FrameId>("parent"), in.number<NodeIndex>("node"),
                            in.number<std::uint32_t>("ordinal"), next(in)};
       }},
      {"ActivityScheduled", activity_scheduled},
      {"AttemptFailed",
       [](In in) -> RecordBody {
         return AttemptFailed{frame(in),
                              in.number<std::uint32_t>("attempt"),
                              failure_from_json(in.member("failure")),
                              in.flag("unsettled"),
                              in.number<Timestamp>("retryAt"),
                              in.flag("uncounted")};
       }},
      {"AttemptStarted",
       [](In in) -> RecordBody {
         return AttemptStarted{frame(in), in.number<std::uint32_t>("attempt"),
                               in.flag("unsettled")};
       }},
      {"TaskParked",
       [](In in) -> RecordBody {
         return TaskParked{frame(in), park_reason_from(in.text("reason")), in.flag("unsettled")};
       }},
      {"TaskLetGo", [](In in) -> RecordBody { return TaskLetGo{frame(in)}; }},
      {"TaskReturned",
       [](In in) -> RecordBody {
         return TaskReturned{frame(in), in.value("output"), in.number<std::uint32_t>("attempt"),
                             in.text("requestId")};
       }},
      {"TaskCompleted",
       [](In in) -> RecordBody {
         return TaskCompleted{.frame = frame(in),
                              .output = in.value("output"),
                              .context = in.value("context"),
                              .next = next(in),
                              .respond = in.flag("respond"),
                              .end = in.flag("end"),
                              .answer = in.value("answer"),
                              .answered = in.json("answered", Json::array())};
       }},
      {"TimerStarted",
       [](In in) -> RecordBody {
         return TimerStarted{frame(in), in.number<Timestamp>("dueAt")};
       }},
      {"LoopStarted",
       [](In in) -> RecordBody {
         return LoopStarted{frame(in), in.value("items")};
       }},
      {"IterationStarted",
       [](In in) -> RecordBody {
         return IterationStarted{frame(in), in.number<std::uint32_t>("index"), next(in)};
       }},
      {"BranchesStarted",
       [](In in) -> RecordBody {
         return BranchesStarted{frame(in), in.number<std::uint32_t>("count")};
       }},
      {"ErrorCaught",
       [](In in) -> RecordBody {
         return ErrorCaught{frame(in),
                            in.number<FrameId>("source"),
                            error(in),
                            in.number<Timestamp>("retryAt"),
                            next(in),
                            id_from_text(in.text("child")),
                            in.text("childPlace")};
       }},
      {"TryStarted",
       [](In in) -> RecordBody {
         return TryStarted{frame(in), in.number<std::uint32_t>("attempt"), next(in),
                           in.number<Timestamp>("attemptUntil")};
       }},
      {"ListenStarted",
       [](In in) -> RecordBody {
         return ListenStarted{frame(in), subscriptions_from_json(in.member("subscriptions"))};
       }},
      {"EventConsumed", event_consumed},
      {"EventIterationStarted",
       [](In in) -> RecordBody {
         return EventIterationStarted{frame(in), next(in)};
       }},
      {"EventIterationEnded",
       [](In in) -> RecordBody {
         return EventIterationEnded{frame(in), in.value("output"), in.value("context")};
       }},
      {"ListenClosed", [](In in) -> RecordBody { return ListenClosed{frame(in)}; }},
      {"EventHeld", [](In in) -> RecordBody { return EventHeld{in.value("event")}; }},
      {"EventEmitted",
       [](In in) -> RecordBody {
         return EventEmitted{frame(in), in.value("event")};
       }},
      {"ChildStarted",
       [](In in) -> RecordBody {
         return ChildStarted{frame(in), child_from_json(in.member("child"))};
       }},
      {"ChildConfirmed", [](In in) -> RecordBody { return ChildConfirmed{frame(in)}; }},
      {"TaskFaulted",
       [](In in) -> RecordBody {
         return TaskFaulted{frame(in), error(in)};
       }},
      {"InstanceFaulted",
       [](In in) -> RecordBody {
         return InstanceFaulted{frame(in), error(in)};
       }},
      {"InstanceCompleted",
       [](In in) -> RecordBody { return InstanceCompleted{in.value("output")}; }},
      {"InstanceSuspended",
       [](In in) -> RecordBody {
         return InstanceSuspended{in.text("reason"), in.text("by")};
       }},
      {"InstanceResumed",
       [](In in) -> RecordBody {
         return InstanceResumed{in.text("reason"), in.text("by")};
       }},
      {"InstanceCancelled",
       [](In in) -> RecordBody {
         return InstanceCancelled{in.text("reason"), in.text("by"), in.flag("atOnce")};
       }},
      {"CancelStarted",
       [](In in) -> RecordBody {
         return CancelStarted{in.json("settle", Json::array()), in.text("reason"), in.text("by")};
       }},
      {"CompensationStarted",
       [](In in) -> RecordBody {
         return CompensationStarted{in.text("undoes"), in.number<NodeIndex>("node"),
                                    in.value("input")};
       }},
      {"TaskDropped", [](In in) -> RecordBody { return TaskDropped{frame(in)}; }},
      {"TaskRetried",
       [](In in) -> RecordBody {
         return TaskRetried{frame(in),
                            in.value("input"),
                            in.number<std::uint32_t>("generation"),
                            in.number<Timestamp>("timeoutAt"),
                            in.text("reason"),
                            in.text("by"),
                            in.value("diff"),
                            in.text("path"),
                            in.value("rawInput")};
       }},
      {"TaskSkippedByOperator",
       [](In in) -> RecordBody {
         return TaskSkippedByOperator{frame(in), in.value("output"), in.text("reason"),
                                      in.text("by")};
       }},
      {"Rewound",
       [](In in) -> RecordBody {
         return Rewound{
             frame(in),           next(in),          in.value("data"), in.value("context"),
             in.flag("catching"), in.text("reason"), in.text("by")};
       }},
      {"Migrated", migrated},
  };
  return table;
}

}  // namespace

Result<Records> decode(std::string_view text) {
  auto parsed = Json::parse(text, nullptr, false);
  if (!parsed.is_array())
    return fail(ErrorCode::internal, "a journal row is no JSON array; the store is damaged");
  Records records;
  records.reserve(parsed.size());
  for (auto& json : parsed) {
    std::string kind;
    std::uint64_t seq = 0;
    try {
      const FieldReader in(json);
      seq = in.number<std::uint64_t>("seq");
      kind = in.text("kind");
      const auto decoder = decoders().find(kind);
      if (decoder == decoders().end()) throw std::runtime_error("no release has written this kind");
      const auto at = in.number<Timestamp>("at");
      records.push_back({.seq = seq, .at = at, .body = decoder->second(in)});
    } catch (const std::exception& problem) {
      return fail(ErrorCode::internal, "journal record " + std::to_string(seq) + " of kind \"" +
                                           kind + "\" cannot be read: " + problem.what());
    }
  }
  return records;
}

}  // namespace sequent::machine
