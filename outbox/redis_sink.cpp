#include "outbox/redis_sink.hpp"

#include <hiredis/hiredis.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/assert.hpp"

namespace sequent::outbox {
namespace {

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Context = std::unique_ptr<redisContext, FreeContext>;
using Reply = std::unique_ptr<redisReply, FreeReply>;
using Words = std::vector<std::string>;

std::string_view text_in(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view{} : std::string_view{reply.str, reply.len};
}

/// One connection; any failure makes it useless.
class Connection {
 public:
  explicit Connection(const RedisSettings& settings) {
    const timeval limit{.tv_sec = settings.timeout_ms / 1'000,
                        .tv_usec = settings.timeout_ms % 1'000 * 1'000};
    context_.reset(redisConnectWithTimeout(settings.host.c_str(), settings.port, limit));
    if (!context_ || context_->err != 0) return;
    redisSetTimeout(context_.get(), limit);
    redisEnableKeepAlive(context_.get());
  }

  [[nodiscard]] bool usable() const { return context_ && context_->err == 0; }
  [[nodiscard]] Failure failure() const {
    if (!context_) return {"out of memory"};
    if (context_->err == REDIS_ERR_IO &&
        std::strerror(EAGAIN) == std::string_view{context_->errstr})
      return {"no answer in time"};
    return {context_->err == 0 ? "Redis sent something unexpected" : context_->errstr};
  }

  void ask(const Words& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const auto& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(),
                           sizes.data());
  }

  /// Nothing: the connection has failed.
  [[nodiscard]] Reply answer() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) return nullptr;
    return Reply{static_cast<redisReply*>(reply)};
  }

  /// An answer of another type than `type` is a failure, in Redis's own words when it has some.
  [[nodiscard]] std::optional<Failure> expect(int type) {
    const Reply reply = answer();
    if (!reply) return failure();
    if (reply->type == REDIS_REPLY_ERROR) return Failure{std::string(text_in(*reply))};
    if (reply->type != type) return failure();
    return std::nullopt;
  }

 private:
  Context context_;
};

class RedisSink final : public Sink {
 public:
  explicit RedisSink(RedisSettings settings) : settings_(std::move(settings)) {}

  Sent send(std::span<const runtime::EmittedEvent> events) override {
    if (stopping_) return {0, Failure{"the publisher is stopping"}};
    if (events.empty()) return {};
    auto failure = connect();
    if (!failure) failure = add(events);
    if (!failure) return {events.size(), std::nullopt};
    connection_.reset();
    return {0, std::move(failure)};
  }

  std::optional<Failure> check() override {
    if (auto failure = connect()) return failure;
    connection_->ask({"TYPE", settings_.stream});
    const Reply reply = connection_->answer();
    if (!reply) return connection_->failure();
    const auto type = text_in(*reply);
    if (reply->type == REDIS_REPLY_STATUS && (type == "stream" || type == "none"))
      return std::nullopt;
    return Failure{"expected " + settings_.stream + " to be a stream or nothing, got " +
                   std::string(type)};
  }

  void stop() override { stopping_ = true; }  // each exchange has a time limit of its own

  std::string where() const override {
    const bool bare_v6 = settings_.host.find(':') != std::string::npos;
    return "redis://" + (bare_v6 ? "[" + settings_.host + "]" : settings_.host) + ":" +
           std::to_string(settings_.port) + "/" + std::to_string(settings_.database) + ", stream " +
           settings_.stream;
  }

 private:
  std::optional<Failure> connect() {
    if (connection_) return std::nullopt;
    Connection fresh{settings_};
    if (!fresh.usable()) return fresh.failure();
    if (settings_.password) {
      const auto password = settings_.password();
      if (!password) return Failure{"its password can't be read"};
      fresh.ask(settings_.user.empty() ? Words{"AUTH", *password}
                                       : Words{"AUTH", settings_.user, *password});
      if (auto failure = fresh.expect(REDIS_REPLY_STATUS)) return failure;
    }
    if (settings_.database != 0) {
      fresh.ask({"SELECT", std::to_string(settings_.database)});
      if (auto failure = fresh.expect(REDIS_REPLY_STATUS)) return failure;
    }
    connection_.emplace(std::move(fresh));
    return std::nullopt;
  }

  Words entry(const Json& event) const {
    return {"XADD",
            settings_.stream,
            "MAXLEN",
            "~",
            std::to_string(settings_.max_length),
            "*",
            "id",
            text_of(event, "id"),
            "source",
            text_of(event, "source"),
            "type",
            text_of(event, "type"),
            "event",
            dump_json(event)};
  }

  // One after the other could leave a gap behind: the second may be taken where the first was not.
  std::optional<Failure> add(std::span<const runtime::EmittedEvent> events) {
    connection_->ask({"MULTI"});
    for (const auto& event : events) connection_->ask(entry(event.event));
    connection_->ask({"EXEC"});
    for (std::size_t i = 0; i <= events.size(); ++i)  // OK, and QUEUED for each
      if (auto failure = connection_->expect(REDIS_REPLY_STATUS)) return failure;
    const Reply done = connection_->answer();
    if (!done) return connection_->failure();
    if (done->type == REDIS_REPLY_ERROR) return Failure{std::string(text_in(*done))};
    if (done->type != REDIS_REPLY_ARRAY || done->elements != events.size())
      return Failure{"expected an entry for each event, Redis has made another number"};
    for (std::size_t i = 0; i < done->elements; ++i)
      if (done->element[i]->type != REDIS_REPLY_STRING)
        return Failure{std::string(text_in(*done->element[i]))};
    return std::nullopt;
  }

  RedisSettings settings_;
  std::optional<Connection> connection_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace

std::unique_ptr<Sink> redis_sink(RedisSettings settings) {
  return std::make_unique<RedisSink>(std::move(settings));
}

}  // namespace sequent::outbox
