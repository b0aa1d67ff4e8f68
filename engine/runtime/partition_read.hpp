#pragma once
// Private to the partition: how it reads the store without waiting for it.
#include <boost/asio/post.hpp>

#include "engine/runtime/partition.hpp"

namespace sequent::runtime {

/// `read(Store&)` runs on the read pool; `then(result)` on the strand, unless the partition was
/// dropped or began to recover meanwhile. A StoreFailure breaks the partition instead.
template <class Read, class Then>
void Partition::read(Read read, Then then) {
  auto job = [self = shared_from_this(), read = std::move(read), then = std::move(then),
              generation = generation_]() mutable {
    using Out = std::invoke_result_t<Read&, Store&>;
    std::optional<Out> out;
    std::string failure;
    bool full = false;
    try {
      out.emplace(read(self->node_->ports.store));
    } catch (const StoreFailure& error) {
      failure = error.what();
      full = error.full;
    }
    auto& strand = self->strand_;
    auto answer = [self, then = std::move(then), out = std::move(out), generation,
                   failure = std::move(failure), full]() mutable {
      if (self->dropped_ || generation != self->generation_) return;
      if (!out) return self->store_broke(failure, full, false);
      then(std::move(*out));
    };
    boost::asio::post(strand, std::move(answer));
  };
  node_->parts.reads->post(std::move(job));
}

}  // namespace sequent::runtime
