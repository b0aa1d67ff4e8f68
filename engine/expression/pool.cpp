#include "engine/expression/pool.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <thread>

namespace sequent::expression {
namespace {

// One thread of the process that compiles: never the path of a run.
class Workshop {
 public:
  static Workshop& instance() {
    // Never destroyed, as a static set of expressions may outlive it; closed when the process ends,
    // so that its thread is not in the middle of jq while the process' statics go.
    static auto* workshop = new Workshop;
    static const Closer closer{*workshop};
    return *workshop;
  }

  void post(std::move_only_function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      jobs_.push_back(std::move(job));
    }
    posted_.notify_one();
  }

 private:
  struct Closer {
    Workshop& workshop;
    ~Closer() { workshop.close(); }
  };

  Workshop() : thread_([this] { run(); }) {}

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    posted_.notify_one();
    thread_.join();
  }

  void run() {
    for (;;) {
      std::unique_lock lock(mutex_);
      posted_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
      if (closed_) return;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool closed_ = false;
  std::thread thread_;  // last: it uses the members above
};

}  // namespace

std::shared_ptr<Pool> Pool::make(std::string program, std::unique_ptr<Interpreter> first,
                                 int size) {
  std::shared_ptr<Pool> pool(new Pool(std::move(program)));
  pool->idle_.push_back(std::move(first));
  for (int i = 1; i < size; ++i) pool->compile_one_more(nullptr);
  return pool;
}

std::unique_ptr<Interpreter> Pool::take() {
  constexpr auto patience = std::chrono::seconds(10);
  std::unique_lock lock(mutex_);
  if (!returned_.wait_for(lock, patience, [this] { return !idle_.empty(); })) return nullptr;
  auto interpreter = std::move(idle_.back());
  idle_.pop_back();
  return interpreter;
}

void Pool::give_back(std::unique_ptr<Interpreter> interpreter) {
  if (!interpreter->usable()) return compile_one_more(std::move(interpreter));
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(interpreter));
  }
  returned_.notify_one();
}

void Pool::compile_one_more(std::unique_ptr<Interpreter> discarded) {
  Workshop::instance().post([weak = weak_from_this(), old = std::move(discarded)]() mutable {
    old.reset();  // tearing down may take long after a halt: not in the path of a run either
    const auto pool = weak.lock();
    if (!pool) return;
    std::vector<std::string> messages;
    auto fresh = Interpreter::compile(pool->program_, messages);
    if (!fresh) return;  // it compiled before: no memory
    {
      const std::lock_guard lock(pool->mutex_);
      pool->idle_.push_back(std::move(fresh));
    }
    pool->returned_.notify_one();
  });
}

}  // namespace sequent::expression
