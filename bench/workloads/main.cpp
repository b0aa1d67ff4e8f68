// The yardstick's workloads, in process, each beside the machine's own limits measured in
// the same run.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/workloads/answers.hpp"
#include "bench/workloads/child.hpp"
#include "bench/workloads/database_limits.hpp"
#include "bench/workloads/figures.hpp"
#include "bench/workloads/limits.hpp"
#include "bench/workloads/node.hpp"
#include "bench/workloads/two_nodes.hpp"
#include "bench/workloads/w5_recovery.hpp"
#include "bench/workloads/workloads.hpp"

namespace sequent::bench {
namespace {

constexpr const char* usage =
    "usage: bench_workloads [--folder FOLDER] [--store URL] [--runs N] [--sleepers N]\n"
    "                       [--crashed N] [--faulted N] [--smoke]\n"
    "                       [--idle SECONDS]\n"
    "                       [--soak SECONDS] [--keep SECONDS]\n"
    "                       [limits] [W1] [W2] [W3] [W4] [W5] [W6] [nodes] [batch] [soak]\n"
    "  FOLDER    on the disk to be measured; a folder bench-workloads-data is made in it\n"
    "  URL       postgresql://… instead of SQLite; schemas bench_w1_PID … are made and left there\n"
    "  runs      of W1 (20,000); W2 takes a twentieth, W3 and W4 half of it\n"
    "  sleepers  of W6 (20,000); crashed: runs of W5 (2,000)\n"
    "  idle      seconds for which W6 counts an idle node's statements (10; leases are renewed "
    "every "
    "200)\n"
    "  faulted   runs that a batch repairs (100,000)\n"
    "  smoke     a few hundred of everything: shows that it works, measures nothing\n"
    "  soak      how long it loads (900), and how long it keeps ended runs (30)\n"
    "Without names: all of them but batch and soak.\n";

using Workload = bool (*)(const Options&);
const std::map<std::string, Workload>& all_workloads() {
  static const std::map<std::string, Workload> all{
      {"W1", w1_throughput}, {"W2", w2_one_at_a_time}, {"W3", w3_sixty_four_callers},
      {"W4", w4_http_steps}, {"W5", w5_recovery},      {"W6", w6_sleepers},
      {"nodes", two_nodes},  {"batch", batch},         {"soak", soak}};
  return all;
}

int number(const std::vector<std::string>& words, std::size_t at) {
  int value = 0;
  if (at < words.size()) {
    const auto& word = words[at];
    const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
    if (read.ec == std::errc{} && read.ptr == word.data() + word.size() && value >= 0) return value;
  }
  std::fprintf(stderr, "bench_workloads: expected a whole number after %s\n%s",
               words[std::min(at, words.size()) - 1].c_str(), usage);
  std::exit(2);
}

struct Asked {
  Options options;
  std::vector<std::string> names;
};

Asked read_arguments(const std::vector<std::string>& words) {
  Asked asked;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (word == "--folder" && i + 1 < words.size()) {
      asked.options.folder = words[++i];
    } else if (word == "--store" && i + 1 < words.size()) {
      asked.options.store = words[++i];
    } else if (word == "--runs") {
      asked.options.runs = std::max(100, number(words, ++i));
    } else if (word == "--sleepers") {
      asked.options.sleepers = std::max(1, number(words, ++i));
    } else if (word == "--crashed") {
      asked.options.crashed = std::max(2, number(words, ++i));
    } else if (word == "--faulted") {
      asked.options.faulted = std::max(1, number(words, ++i));
    } else if (word == "--idle") {
      asked.options.idle_seconds = std::max(1, number(words, ++i));
    } else if (word == "--soak") {
      asked.options.soak_seconds = std::max(1, number(words, ++i));
    } else if (word == "--keep") {
      asked.options.keep_seconds = std::max(1, number(words, ++i));
    } else if (word == "--smoke") {
      asked.options.runs = 400;
      asked.options.sleepers = 500;
      asked.options.crashed = 100;
      asked.options.faulted = 500;
    } else if (word == "limits" || all_workloads().contains(word)) {
      asked.names.push_back(word);
    } else {
      std::fprintf(stderr, "%s", usage);
      std::exit(2);
    }
  }
  if (asked.names.empty()) {
    asked.names.push_back("limits");
    for (const auto& [name, workload] : all_workloads())
      if (name != "soak" && name != "batch") asked.names.push_back(name);
  }
  asked.options.folder /= "bench-workloads-data";
  return asked;
}

// A schema for each workload, as each has a folder of its own.
std::string store_of(const std::string& store, const std::string& name) {
  if (store.empty()) return store;
  const char mark = store.find('?') == std::string::npos ? '?' : '&';
  std::string schema = "bench_" + name + "_" + std::to_string(::getpid());
  for (char& c : schema) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return store + mark + "schema=" + schema;
}

bool run(const std::string& name, Options options) {
  options.store = store_of(options.store, name);
  std::filesystem::remove_all(options.folder);
  std::filesystem::create_directories(options.folder);
  const bool good = run_apart([&] {
    if (name != "limits") return all_workloads().at(name)(options);
    print_disk_limits(options.folder);
    if (options.store.empty())
      print_sqlite_limits(options.folder);
    else
      print_database_limits(options.store, options.folder);
    return true;
  });
  std::filesystem::remove_all(options.folder);
  if (!good) std::fprintf(stderr, "bench_workloads: %s failed\n", name.c_str());
  return good;
}

int main_of(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "--answers") return serve_answers(number(words, 1));
  if (words.size() == 5 && words[0] == "--node")
    return serve_until_killed({.folder = words[1], .store = words[2]}, words[3], number(words, 4));
  if (words.size() == 7 && words[0] == "--share") {
    const Share share{.name = words[3], .processor = number(words, 4), .workflow = words[6]};
    return share_the_store({.folder = words[1], .store = words[2], .runs = number(words, 5)},
                           share);
  }
  const Asked asked = read_arguments(words);
  bool good = true;
  for (const auto& name : asked.names) good = run(name, asked.options) && good;
  return good ? 0 : 1;
}

}  // namespace
}  // namespace sequent::bench

int main(int count, char** arguments) {
  return sequent::bench::main_of({arguments + 1, arguments + count});
}
