#pragma once
// Journals that a test writes, and Stripe's stand-in without a socket.
#include "activities/stripe/form.hpp"
#include "reconciliation/reconcile.hpp"
#include "tests/sandbox/support.hpp"

namespace sequent::tests {

using reconciliation::Journals;
using sandbox::test_start;

/// Records as the API shows them.
struct Books final : Journals {
  std::map<std::string, std::vector<Json>> runs_of;
  std::size_t page = 2;
  int reads = 0;
  std::function<void()> before_second_listing = [] {};
  int listings = 0;

  Result<Page> runs(Timestamp, const std::string& cursor) override {
    if (cursor.empty() && ++listings == 2) before_second_listing();
    Page found;
    for (const auto& [run, records] : runs_of) {
      if (!cursor.empty() && run <= cursor) continue;
      if (found.runs.size() == page) {
        found.cursor = found.runs.back();
        break;
      }
      found.runs.push_back(run);
    }
    return found;
  }
  Result<bool> read(const std::string& run, const std::function<void(const Json&)>& take) override {
    ++reads;
    const auto found = runs_of.find(run);
    if (found == runs_of.end()) return false;
    for (const Json& record : found->second) take(record);
    return true;
  }

  /// An intent of the run's task `/do/<frame>`, with the key `<run>-<frame>`.
  void intent(const std::string& run, int frame, const std::string& activity, const Json& input,
              Timestamp at = test_start) {
    runs_of[run].push_back({{"kind", "ActivityScheduled"},
                            {"frame", frame},
                            {"task", "/do/" + std::to_string(frame)},
                            {"activity", activity},
                            {"key", run + "-" + std::to_string(frame)},
                            {"arguments", input},
                            {"at", format_time(at)}});
  }
  void record(const std::string& run, int frame, const std::string& kind, const Json& members,
              Timestamp at = test_start) {
    Json all{{"kind", kind}, {"frame", frame}, {"at", format_time(at)}};
    all.update(members);
    runs_of[run].push_back(all);
  }
  void result(const std::string& run, int frame, const Json& output, Timestamp at = test_start) {
    record(run, frame, "TaskReturned", {{"output", output}, {"attempt", 1}}, at);
  }
};

struct Shelf final : reconciliation::Objects {
  sandbox::StripeTest& stripe;
  std::string without_created;  // the path of a list that can't be filtered by it

  explicit Shelf(sandbox::StripeTest& with) : stripe(with) {}

  std::expected<Json, machine::Failure> get(const std::string& path, const Json& parameters,
                                            const std::string& account) override {
    if (path == without_created && parameters.contains("created")) {
      machine::Failure refusal;
      refusal.problem.status = 400;
      refusal.problem.extensions = {{"param", "created[gte]"}};
      return std::unexpected(refusal);
    }
    const auto answer = stripe.stripe.get(path + "?" + activities::stripe::encode_form(parameters),
                                          {{"Stripe-Account", account}});
    if (answer.status < 300) return answer.body;
    machine::Failure failure;
    failure.problem.status = answer.status;
    failure.problem.detail = dump_json(answer.body);
    failure.problem.extensions = answer.body.value("error", Json());
    return std::unexpected(failure);
  }
};

/// An hour from `test_start` on; what the stand-in was born with is older.
struct Reconciled {
  static constexpr Timestamp begin = test_start + 3'600'000, end = begin + 3'600'000;
  sandbox::StripeTest stripe;
  Books books;
  Shelf shelf{stripe};
  reconciliation::Window window{.since = begin, .until = end};
  Timestamp now = end;

  Reconciled() { stripe.stripe.now = begin + 60'000; }

  /// Makes it at Stripe as the run's task does, marks and all.
  Json at_stripe(const std::string& run, int frame, const std::string& path, Json parameters) {
    const std::string account = text_of(parameters, "account");
    parameters.erase("account");
    Json& metadata = parameters["metadata"];
    metadata["sequent_run"] = run;
    metadata["sequent_task"] = "/do/" + std::to_string(frame);
    metadata["sequent_key"] = run + "-" + std::to_string(frame);
    const auto made = stripe.stripe.post(path, activities::stripe::encode_form(parameters),
                                         {{"Stripe-Account", account}});
    INFO(dump_json(made.body));
    REQUIRE(made.status == 200);
    return made.body;
  }
  /// The same, and the journal says so.
  Json make(const std::string& run, int frame, const std::string& activity, const std::string& path,
            const Json& parameters) {
    const Json made = at_stripe(run, frame, path, parameters);
    books.intent(run, frame, activity, parameters, stripe.stripe.now);
    books.result(run, frame, made, stripe.stripe.now);
    return made;
  }
  std::string customer(const std::string& run, const Json& parameters = {{"name", "Ada"}}) {
    return make(run, 0, "stripe.customers.create", "/v1/customers", parameters).at("id");
  }
  Json compare() {
    const auto report = reconcile(books, shelf, window, now, [](const std::string&) {});
    INFO((report ? "" : report.error().detail));
    REQUIRE(report.has_value());
    return to_json(*report);
  }
  /// "missing cus_1" for each, in the order found.
  std::vector<std::string> found() {
    std::vector<std::string> all;
    const Json report = compare();
    for (const auto& each : report.at("findings"))
      all.push_back(text_of(each, "finding") + " " + text_of(each, "id"));
    return all;
  }
};

}  // namespace sequent::tests
