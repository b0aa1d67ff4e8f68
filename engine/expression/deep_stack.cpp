#include "engine/expression/deep_stack.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace sequent::expression {
namespace {

constexpr std::size_t stack_bytes = std::size_t{1} << 30;
constexpr std::size_t most_idle = 8;
// A thread that took this many new pages may hold a large stack: it ends, which gives them back.
constexpr long most_new_pages = 4'096;

long pages_taken() {
  rusage usage{};
  return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_minflt : 0;
}

struct Job {
  void (*body)(void*);
  void* argument;
  bool done = false;
};

// One thread. It deletes itself when it is not wanted any more.
class Runner {
 public:
  // Null when the system refuses a thread.
  static Runner* start();
  void run(Job& job);

 private:
  static void* main(void* self);
  bool serve_one();

  std::mutex mutex_;
  std::condition_variable changed_;
  Job* job_ = nullptr;
};

// Never destroyed, as its threads live until the process ends.
struct Idle {
  std::mutex mutex;
  std::vector<Runner*> runners;

  static Idle& instance() {
    static auto* idle = new Idle;
    return *idle;
  }
  Runner* take() {
    const std::lock_guard lock(mutex);
    if (runners.empty()) return nullptr;
    auto* runner = runners.back();
    runners.pop_back();
    return runner;
  }
  bool keep(Runner* runner) {
    const std::lock_guard lock(mutex);
    if (runners.size() >= most_idle) return false;
    runners.push_back(runner);
    return true;
  }
};

Runner* Runner::start() {
  auto runner = std::make_unique<Runner>();
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return nullptr;
  pthread_t thread{};
  const bool started = pthread_attr_setstacksize(&attributes, stack_bytes) == 0 &&
                       pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                       pthread_create(&thread, &attributes, &Runner::main, runner.get()) == 0;
  pthread_attr_destroy(&attributes);
  return started ? runner.release() : nullptr;
}

void Runner::run(Job& job) {
  std::unique_lock lock(mutex_);
  job_ = &job;
  changed_.notify_all();
  changed_.wait(lock, [&] { return job.done; });
  job_ = nullptr;  // from here on the runner may serve another one, or delete itself
  changed_.notify_all();
}

void* Runner::main(void* self) {
  auto* runner = static_cast<Runner*>(self);
  while (runner->serve_one()) {
  }
  delete runner;
  return nullptr;
}

// False when the thread should end.
bool Runner::serve_one() {
  const auto before = pages_taken();
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return job_ != nullptr; });
    auto& job = *job_;
    lock.unlock();
    job.body(job.argument);
    lock.lock();
    job.done = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return job_ == nullptr; });
  }
  if (pages_taken() - before > most_new_pages) return false;
  return Idle::instance().keep(this);
}

}  // namespace

bool on_deep_stack(void (*body)(void*), void* argument) {
  auto* runner = Idle::instance().take();
  if (runner == nullptr) runner = Runner::start();
  if (runner == nullptr) return false;
  Job job{body, argument};
  runner->run(job);
  return true;
}

}  // namespace sequent::expression
