#include "engine/runtime/notes.hpp"

#include <catch2/catch.hpp>

#include "engine/runtime/exchange.hpp"

using namespace sequent;
using namespace sequent::runtime;

namespace {

InstanceId id_of(std::uint64_t number) {
  return InstanceId::make(1'800'000'000'000, number, 3);
}

template <class T>
T back(const std::string& text) {
  const auto note = decode_note(text);
  REQUIRE(note.has_value());
  REQUIRE(std::holds_alternative<T>(*note));
  return std::get<T>(*note);
}

}  // namespace

TEST_CASE("a note is read back as it was written", "[cluster]") {
  WaitNote wait{.from = "a", .wanted = {{id_of(1), Until::responded, 1'500}}};
  const auto waited = back<WaitNote>(encode(wait).at(0));
  CHECK(waited.from == "a");
  CHECK(waited.wanted.at(0).run == id_of(1));
  CHECK(waited.wanted.at(0).until == Until::responded);
  CHECK(waited.wanted.at(0).patience_ms == 1'500);

  WatchNote watch{.from = "b", .all = true, .runs = {id_of(2)}, .requests = {"req_1"}};
  const auto watched = back<WatchNote>(encode(watch).at(0));
  CHECK(watched.from == "b");
  CHECK(watched.all);
  CHECK(watched.runs == watch.runs);
  CHECK(watched.requests == watch.requests);

  NoticeNote notices{.notices = {{.id = id_of(4),
                                  .workflow = "w",
                                  .seq = 7,
                                  .status = "running",
                                  .task = "/do/0",
                                  .waiting_kind = "timer",
                                  .at = 99,
                                  .requests = {"r"}}},
                     .lost = true};
  const auto told = back<NoticeNote>(encode(notices).at(0));
  CHECK(told.lost);
  REQUIRE(told.notices.size() == 1);
  CHECK(told.notices[0].id == id_of(4));
  CHECK(told.notices[0].seq == 7);
  CHECK(told.notices[0].requests == std::vector<std::string>{"r"});

  back<FreedNote>(encode(FreedNote{}).at(0));
  back<DeployedNote>(encode(DeployedNote{}).at(0));
  back<ParcelNote>(encode(ParcelNote{}).at(0));
}

TEST_CASE("what is too long for one note goes into several", "[cluster]") {
  MailNote mail;
  for (std::uint64_t i = 0; i < 1'000; ++i) mail.runs.push_back(id_of(i));
  const auto texts = encode(mail);
  CHECK(texts.size() > 1);
  std::vector<InstanceId> runs;
  for (const auto& text : texts) {
    CHECK(text.size() <= most_note_bytes);
    const auto part = back<MailNote>(text).runs;
    runs.insert(runs.end(), part.begin(), part.end());
  }
  CHECK(runs == mail.runs);
}

TEST_CASE("a note of another release is passed over", "[cluster]") {
  CHECK_FALSE(decode_note("").has_value());
  CHECK_FALSE(decode_note("[1]").has_value());
  CHECK_FALSE(decode_note(R"({"kind":"unheard of"})").has_value());
  CHECK_FALSE(decode_note(R"({"kind":"mail","runs":7})").has_value());
}
