#include "engine/runtime/notes.hpp"

#include "base/overloaded.hpp"
#include "engine/runtime/exchange.hpp"

namespace sequent::runtime {
namespace {

using Texts = std::vector<std::string>;

// `items` spread over as many notes as they need, each with the members of `head`.
Texts packed(const Json& head, const char* member, std::vector<Json> items) {
  Texts texts;
  Json note = head;
  note[member] = Json::array();
  std::size_t bytes = dump_json(note).size();
  for (auto& item : items) {
    const std::size_t length = dump_json(item).size() + 1;
    if (bytes + length > most_note_bytes && !note[member].empty()) {
      texts.push_back(dump_json(note));
      note = head;
      note[member] = Json::array();
      bytes = dump_json(note).size();
    }
    if (bytes + length > most_note_bytes) continue;  // fits nowhere: whoever needs it looks himself
    note[member].push_back(std::move(item));
    bytes += length;
  }
  if (!note[member].empty() || texts.empty()) texts.push_back(dump_json(note));
  return texts;
}

Texts of_runs(const char* kind, const std::vector<InstanceId>& runs) {
  std::vector<Json> items;
  for (const auto& id : runs) items.emplace_back(id.text());
  return packed(Json{{"kind", kind}}, "runs", std::move(items));
}

Texts of_wait(const WaitNote& note) {
  std::vector<Json> items;
  for (const auto& wanted : note.wanted)
    items.push_back(Json{{"run", wanted.run.text()},
                         {"answer", wanted.until == Until::responded},
                         {"ms", wanted.patience_ms}});
  return packed(Json{{"kind", "wait"}, {"from", note.from}}, "wanted", std::move(items));
}

Texts of_watch(const WatchNote& note) {
  std::vector<Json> items;
  for (const auto& id : note.runs) items.push_back(Json{{"run", id.text()}});
  for (const auto& request : note.requests) items.push_back(Json{{"request", request}});
  if (note.all) items.push_back(Json{{"all", true}});
  return packed(Json{{"kind", "watch"}, {"from", note.from}}, "watched", std::move(items));
}

Json json_of(const RunNotice& notice) {
  return Json{{"run", notice.id.text()}, {"workflow", notice.workflow},
              {"seq", notice.seq},       {"status", notice.status},
              {"task", notice.task},     {"waiting", notice.waiting_kind},
              {"at", notice.at},         {"requests", notice.requests}};
}

Texts of_notices(const NoticeNote& note) {
  std::vector<Json> items;
  for (const auto& notice : note.notices) items.push_back(json_of(notice));
  return packed(Json{{"kind", "notices"}, {"lost", note.lost}}, "notices", std::move(items));
}

Texts plain(const char* kind) {
  return {dump_json(Json{{"kind", kind}})};
}

std::vector<InstanceId> runs_of(const Json& json) {
  std::vector<InstanceId> runs;
  for (const auto& item : json.at("runs"))
    if (const auto id = InstanceId::parse(item.get<std::string>())) runs.push_back(*id);
  return runs;
}

WaitNote wait_of(const Json& json) {
  WaitNote note{.from = json.at("from").get<std::string>(), .wanted = {}};
  for (const auto& item : json.at("wanted")) {
    const auto id = InstanceId::parse(item.at("run").get<std::string>());
    if (!id) continue;
    note.wanted.push_back({.run = *id,
                           .until = item.at("answer").get<bool>() ? Until::responded : Until::ended,
                           .patience_ms = item.at("ms").get<DurationMs>()});
  }
  return note;
}

WatchNote watch_of(const Json& json) {
  WatchNote note;
  note.from = json.at("from").get<std::string>();
  for (const auto& item : json.at("watched")) {
    if (item.contains("all")) note.all = true;
    if (item.contains("request")) note.requests.push_back(item.at("request").get<std::string>());
    if (!item.contains("run")) continue;
    if (const auto id = InstanceId::parse(item.at("run").get<std::string>()))
      note.runs.push_back(*id);
  }
  return note;
}

NoticeNote notices_of(const Json& json) {
  NoticeNote note;
  note.lost = json.at("lost").get<bool>();
  for (const auto& item : json.at("notices")) {
    const auto id = InstanceId::parse(item.at("run").get<std::string>());
    if (!id) continue;
    RunNotice notice;
    notice.id = *id;
    item.at("workflow").get_to(notice.workflow);
    item.at("seq").get_to(notice.seq);
    item.at("status").get_to(notice.status);
    item.at("task").get_to(notice.task);
    item.at("waiting").get_to(notice.waiting_kind);
    item.at("at").get_to(notice.at);
    item.at("requests").get_to(notice.requests);
    note.notices.push_back(std::move(notice));
  }
  return note;
}

std::optional<NodeNote> note_of(const std::string& kind, const Json& json) {
  if (kind == "mail") return MailNote{runs_of(json)};
  if (kind == "wait") return wait_of(json);
  if (kind == "settled") return SettledNote{runs_of(json)};
  if (kind == "watch") return watch_of(json);
  if (kind == "notices") return notices_of(json);
  if (kind == "freed") return FreedNote{};
  if (kind == "deployed") return DeployedNote{};
  return std::nullopt;
}

}  // namespace

std::vector<std::string> encode(const NodeNote& note) {
  const auto handlers = overloaded{
      [](const MailNote& one) { return of_runs("mail", one.runs); },
      [](const WaitNote& one) { return of_wait(one); },
      [](const SettledNote& one) { return of_runs("settled", one.runs); },
      [](const WatchNote& one) { return of_watch(one); },
      [](const NoticeNote& one) { return of_notices(one); },
      [](const FreedNote&) { return plain("freed"); },
      [](const DeployedNote&) { return plain("deployed"); },
      [](const ParcelNote&) { return Texts{parcel_note}; },
  };
  return std::visit(handlers, note);
}

std::optional<NodeNote> decode_note(const std::string& text) {
  if (text == parcel_note) return ParcelNote{};
  const auto json = parse_json(text);
  if (!json || !json->is_object()) return std::nullopt;
  try {
    return note_of(text_of(*json, "kind"), *json);
  } catch (const Json::exception&) {
    return std::nullopt;  // of a release that writes it in another way
  }
}

}  // namespace sequent::runtime
