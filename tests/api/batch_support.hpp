#pragma once
#include <thread>

#include "support.hpp"

namespace sequent::api::test {

/// Polls until the batch has `state`, or says what it has.
inline Json await_batch(TestNode& node, const std::string& id, const std::string& state) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  Json batch;
  while (std::chrono::steady_clock::now() < until) {
    batch = node.get("/api/v1/batches/" + id).json;
    if (text_of(batch, "state") == state) return batch;
    std::this_thread::yield();
  }
  throw std::runtime_error("the batch never was " + state + ": " + batch.dump());
}

/// Creates a batch and gives its id.
inline std::string create(TestNode& node, const Json& body) {
  const auto reply = node.post("/api/v1/batches", dump_json(body));
  if (reply.status != 201) throw std::runtime_error(reply.text);
  return text_of(reply.json, "id");
}

}  // namespace sequent::api::test
