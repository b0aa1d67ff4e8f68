#pragma once
#include <memory>

#include "activities/langfuse/client.hpp"
#include "engine/runtime/activity.hpp"

namespace sequent::activities::langfuse {

/// langfuse.ingestion.send: POST /api/public/ingestion.
/// shape   with {batch: [{id, timestamp, type, body}], metadata?, allowPartial?}; output {accepted:
///         [id], refused: [{id, status, message?}]}, by the ids of the envelopes
/// errors  permanent: Langfuse refuses an event for good (400, 401, 404, or too large by itself) and
///         `allowPartial` is not true; the problem's extensions have the output. transient: events
///         that Langfuse still fails to store after three requests; and see client.hpp
/// effect  once per envelope id, so that sending again is harmless. Within one attempt only the
///         events that failed are sent again; a request that is too large is cut in two.
/// source  langfuse.com/docs/api; the batch is answered with 207 whatever became of its events
class IngestionSend final : public runtime::Activity {
 public:
  explicit IngestionSend(std::shared_ptr<Client> client);

  [[nodiscard]] const runtime::ActivitySpec& spec() const override { return spec_; }
  boost::asio::awaitable<runtime::ActivityResult> run(runtime::Attempt attempt,
                                                      Json input) override;

 private:
  std::shared_ptr<Client> client_;
  runtime::ActivitySpec spec_;
};

}  // namespace sequent::activities::langfuse
