// W5: runs that call, sleep two seconds, call and call again; kill -9 once half of them have made
// their second call, then a restart. Lost runs and repeated calls with another key must be 0.
#include "bench/workloads/w5_recovery.hpp"

#include <cstdio>
#include <thread>

#include "bench/workloads/answers.hpp"
#include "bench/workloads/callers.hpp"
#include "bench/workloads/child.hpp"
#include "bench/workloads/figures.hpp"
#include "bench/workloads/workloads.hpp"

namespace sequent::bench {
namespace {

constexpr int delay_ms = 50;
constexpr double patience_s = 60;
constexpr auto between_looks = std::chrono::milliseconds(20);

std::string call_sleep_call_call(const std::string& port) {
  const auto call = [&](const std::string& name) {
    return "  - call" + name +
           ": {call: http, with: {method: post, endpoint: 'http://127.0.0.1:" + port + "/{n}-" +
           name + "', body: {step: " + name + "}}, output: {as: '${ $input }'}}\n";
  };
  return "document: {dsl: 1.0.3, namespace: bench, name: crashed, version: 1.0.0}\ndo:\n" +
         call("1") + "  - sleep: {wait: {seconds: 2}}\n" + call("2") + call("3");
}

int completed(persistence::Database& store) {
  const auto counts = store.aggregate({}, {"status"}, 10);
  if (!counts) give_up(counts.error().detail);
  for (const auto& count : *counts)
    if (count.group.at(0) == "completed") return static_cast<int>(count.count);
  return 0;
}

// Reads until the child says `wanted`; false when it ends before.
bool until(Child& child, const std::string& wanted) {
  for (auto line = child.line(); line; line = child.line())
    if (*line == wanted) return true;
  return false;
}

// Reads until `runs` are completed; how many are, when the child gives up before.
int completed_by(Child& child, int runs) {
  const std::string word = "completed ";
  int last = 0;
  for (auto line = child.line(); line && last < runs; line = child.line()) {
    if (line->starts_with(word)) last = std::stoi(line->substr(word.size()));
    if (last >= runs) break;
  }
  return last;
}

}  // namespace

int serve_until_killed(const Options& options, const std::string& port, int runs) {
  Node node(options, call_sleep_call_call(port));
  const auto say = [](const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  };
  say("ready");
  if (runs > 0) {
    const auto measured =
        drive(node, {.workflow = "crashed", .runs = runs, .callers = 256, .wait = false});
    if (measured.failed > 0) give_up(std::to_string(measured.failed) + " starts failed");
    say("started");
  }
  const auto start = SteadyClock::now();
  for (int last = -1; seconds_since(start) < patience_s;) {
    const int now = completed(node.store());
    if (now != last) say("completed " + std::to_string(now));
    last = now;
    std::this_thread::sleep_for(between_looks);
  }
  return 1;
}

bool w5_recovery(const Options& options) {
  const Answers answers(delay_ms);
  const std::string port = std::to_string(answers.port());
  const int runs = options.crashed;
  const auto role = [&](int start) {
    return std::vector<std::string>{"--node", options.folder.string(), options.store, port,
                                    std::to_string(start)};
  };
  unsigned long long before = 0;
  {
    Child first(role(runs));
    if (!until(first, "started")) give_up("the node of W5 ended before its kill");
    const auto start = SteadyClock::now();
    while (answers.counts().second < static_cast<std::uint64_t>(runs) / 2) {
      if (seconds_since(start) > patience_s)
        give_up("half of the runs never made their second call");
      std::this_thread::sleep_for(between_looks);
    }
    before = answers.counts().calls;
    first.kill_hard();
  }
  const auto killed = SteadyClock::now();
  Child second(role(0));
  if (!until(second, "ready")) give_up("the node of W5 did not come back");
  const double ready = seconds_since(killed);
  const int lost = runs - completed_by(second, runs);
  const double recovered = seconds_since(killed);
  const auto counts = answers.counts();
  std::printf(
      "W5   %d runs, killed after %llu calls: ready after %.2f s, all completed after %.2f s, %d "
      "lost, "
      "%llu calls repeated, %llu of them with another key\n",
      runs, before, ready, recovered, lost, static_cast<unsigned long long>(counts.repeated),
      static_cast<unsigned long long>(counts.other_key));
  return lost == 0 && counts.other_key == 0;
}

}  // namespace sequent::bench
